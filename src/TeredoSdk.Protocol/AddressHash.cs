namespace TeredoSdk.Protocol;

/// <summary>Hashes addresses. Strangers choose the addresses; the keys are random, so that strangers can't choose ones that meet (RFC 4380 §7.3.3).</summary>
readonly struct AddressHash
{
    /// <summary>One whose keys are others in each process. The upper half of its values is as good as the whole.</summary>
    public static readonly AddressHash OfProcess = new(SeedOfProcess(0), SeedOfProcess(1), SeedOfProcess(2));

    readonly ulong _key0, _key1, _key2;

    /// <param name="random">Draws the keys.</param>
    public AddressHash(IRandomSource random) : this(random.NextUInt64(), random.NextUInt64(), random.NextUInt64())
    {
    }

    AddressHash(ulong key0, ulong key1, ulong key2) => (_key0, _key1, _key2) = (key0, key1, key2 | 1);

    /// <summary>The hash of an address.</summary>
    public ulong Hash(IPv6Address address)
    {
        ulong high = Math.BigMul(address.High ^ _key0, address.Low ^ _key1, out ulong low);
        ulong folded = high ^ low;
        return (folded ^ folded >> 32) * _key2;
    }

    // HashCode draws a seed of its own in each process. A cryptographic generator would load its library into every process.
    static ulong SeedOfProcess(int key) => (ulong)(uint)HashCode.Combine(key, 0) << 32 | (uint)HashCode.Combine(key, 1);
}
