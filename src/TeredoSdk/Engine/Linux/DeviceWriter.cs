using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;
using TeredoSdk.Engine.Linux.Offload;
using TeredoSdk.Machine.Bursts;
using TeredoSdk.Machine.Linux;

namespace TeredoSdk.Engine.Linux;

/// <summary>Hands packets to the kernel over a TUN device. A failure is a lost packet. Safe for any number of threads.</summary>
[SupportedOSPlatform("linux")]
sealed unsafe class DeviceWriter(SafeFileHandle tun, TunOffload offload) : IPacketWriter
{
    const string Refusal = "The kernel refused a long packet that was written to the TUN device, so each packet is written alone.";

    Coalescer? _coalescer; // null while a thread uses it, and before the first burst
    string? _problem;
    long _lost;

    /// <summary>How many packets the kernel did not take. A long one counts once.</summary>
    public long Lost => Interlocked.Read(ref _lost);

    /// <summary>Why packets are no longer joined, or null.</summary>
    public string? Problem => Volatile.Read(ref _problem);

    /// <summary>Is told, once, that packets are no longer joined.</summary>
    public Action<string>? Refused { get; set; }

    /// <summary>Writes a burst of packets; those of one flow may become one.</summary>
    public void Write(ReadOnlySpan<byte> buffer, ReadOnlySpan<PacketRange> packets)
    {
        if (packets.Length == 1 || !(offload.Tcp || offload.Udp) || Problem is not null)
        {
            foreach (var range in packets)
                Write(range.In(buffer));
            return;
        }
        var coalescer = Interlocked.Exchange(ref _coalescer, null) ?? new(offload.Tcp, offload.Udp);
        fixed (byte* start = buffer)
        {
            foreach (var range in packets)
                coalescer.Add(start + range.Offset, range.Length);
            coalescer.Flush(this);
        }
        Volatile.Write(ref _coalescer, coalescer);
    }

    /// <summary>Writes one packet.</summary>
    public void Write(ReadOnlySpan<byte> packet)
    {
        fixed (byte* octets = packet)
        {
            var piece = new Piece(octets, packet.Length);
            ((IPacketWriter)this).Write(default, &piece, 1);
        }
    }

    void IPacketWriter.Write(in VirtioHeader header, Piece* pieces, int count)
    {
        bool isTaken = false;
        try
        {
            isTaken = offload.HasHeaders ? TryWrite(tun, header, pieces, count) : Libc.Write(tun, pieces->Start, pieces->Length) == (nint)pieces->Length;
        }
        catch (ObjectDisposedException)
        {
            // The device is gone, and so is the packet.
        }
        if (isTaken)
            return;
        int errno = Marshal.GetLastPInvokeError();
        Interlocked.Increment(ref _lost);
        bool isRefused = header.GsoType != VirtioHeader.GsoNone && errno is Libc.EINVAL or Libc.EMSGSIZE; // the packet, whatever the state of the device
        if (isRefused && Interlocked.CompareExchange(ref _problem, Refusal, null) is null)
            Refused?.Invoke(Refusal); // TCP sends what was lost again
    }

    /// <summary>Writes a packet, and the header before it.</summary>
    /// <returns>Whether the kernel took it.</returns>
    internal static bool TryWrite(SafeFileHandle tun, in VirtioHeader header, Piece* pieces, int count)
    {
        Piece* all = stackalloc Piece[Coalescer.MaxPieces + 1];
        fixed (VirtioHeader* first = &header)
        {
            all[0] = new((byte*)first, VirtioHeader.Size);
            Unsafe.CopyBlock(all + 1, pieces, (uint)(count * sizeof(Piece)));
            return Libc.WriteVector(tun, all, count + 1) > 0;
        }
    }
}
