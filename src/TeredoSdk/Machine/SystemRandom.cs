using TeredoSdk.Machine.Linux;
using TeredoSdk.Protocol;

namespace TeredoSdk.Machine;

/// <summary>The operating system's cryptographic random generator. Safe for any number of threads.</summary>
/// <remarks>On Linux it asks the kernel itself: .NET's generator loads OpenSSL, some milliseconds and 4 MB that nothing else in an idle engine needs.</remarks>
sealed class SystemRandom : IRandomSource
{
    /// <summary>The one instance.</summary>
    public static SystemRandom Instance { get; } = new();

    SystemRandom()
    {
    }

    public unsafe void Fill(Span<byte> octets)
    {
        if (!OperatingSystem.IsLinux())
        {
            CryptographicRandom.Instance.Fill(octets);
            return;
        }
        fixed (byte* start = octets)
        {
            // getrandom(2): up to 256 octets come at once, or not at all. A kernel or a sandbox may refuse.
            for (int done = 0; done < octets.Length;)
            {
                nint count = Libc.GetRandom(start + done, (nuint)Math.Min(octets.Length - done, 256), 0);
                if (count <= 0)
                {
                    CryptographicRandom.Instance.Fill(octets[done..]);
                    return;
                }
                done += (int)count;
            }
        }
    }

    /// <summary>So many random octets.</summary>
    public byte[] Next(int count)
    {
        byte[] octets = new byte[count];
        Fill(octets);
        return octets;
    }
}

/// <summary>Numbers of any source.</summary>
static class RandomNumbers
{
    /// <summary>A random number of 16 bits.</summary>
    public static ushort NextUInt16(this IRandomSource random)
    {
        Span<byte> octets = stackalloc byte[sizeof(ushort)];
        random.Fill(octets);
        return BitConverter.ToUInt16(octets);
    }
}
