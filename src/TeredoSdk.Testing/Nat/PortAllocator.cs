using TeredoSdk.Protocol;

namespace TeredoSdk.Testing;

/// <summary>Chooses external ports and addresses for a NAT.</summary>
sealed class PortAllocator(NatOptions options, SimulatedRandom random)
{
    const int FirstPort = 1024, PortCount = 65536 - FirstPort;

    readonly Dictionary<IPv4Address, int> _blocks = [];
    readonly Dictionary<IPv4Address, int> _pairs = [];
    int _next = 10_000 + random.Next(40_000);
    int _rotation;

    /// <summary>Chooses the external address for a new mapping of an inside address, as an index.</summary>
    public int PickAddress(IPv4Address inside)
    {
        if (options.Pooling == AddressPooling.Arbitrary)
            return _rotation++ % options.ExternalAddressCount;
        if (!_pairs.TryGetValue(inside, out int index))
            _pairs[inside] = index = _pairs.Count % options.ExternalAddressCount;
        return index;
    }

    /// <returns>A free port, or null when there is none.</returns>
    public ushort? PickPort(IPv4Endpoint inside, Func<ushort, bool> isFree) => options.Allocation switch
    {
        PortAllocation.Preserving => isFree(inside.Port) ? inside.Port : PickRandom(FirstPort, PortCount, isFree),
        PortAllocation.Sequential => PickNext(isFree),
        PortAllocation.Random => PickRandom(FirstPort, PortCount, isFree),
        _ => PickRandom(BlockOf(inside.Address), options.BlockSize, isFree),
    };

    ushort? PickNext(Func<ushort, bool> isFree)
    {
        for (int tries = 0; tries < PortCount; tries++)
        {
            var port = (ushort)_next;
            _next += options.PortStep;
            if (_next > 65535)
                _next = FirstPort;
            if (isFree(port))
                return port;
        }
        return null;
    }

    ushort? PickRandom(int first, int count, Func<ushort, bool> isFree)
    {
        int start = random.Next(count);
        for (int i = 0; i < count; i++)
        {
            var port = (ushort)(first + (start + i) % count);
            if (isFree(port))
                return port;
        }
        return null;
    }

    int BlockOf(IPv4Address inside)
    {
        int blocks = PortCount / options.BlockSize;
        if (!_blocks.TryGetValue(inside, out int block))
            _blocks[inside] = block = _blocks.Count % blocks;
        return FirstPort + block * options.BlockSize;
    }
}
