using System.Diagnostics;
using System.Threading.Channels;

namespace TeredoSdk.Platform.Tests.Network;

/// <summary>
/// A wire that takes time: carries frames between two devices of one namespace, each frame after the same delay, in order. It stands for
/// netem, which kernels without the module lack. Segmentation and checksums stay as the kernel left them (PACKET_VNET_HDR).
/// </summary>
sealed unsafe class DelayedWire : IDisposable
{
    const int PacketFamily = 17, RawKind = 3;
    const int PacketLevel = 263, VnetHeader = 15, IgnoreOutgoing = 23;
    const int SocketLevel = 1, SendBuffer = 7, ReceiveBuffer = 8;
    const ushort AllProtocols = 0x0300; // ETH_P_ALL in network order
    const int LongestFrame = 10 + 14 + 65536; // with the header of PACKET_VNET_HDR
    const int StopCheckMilliseconds = 50;
    const short Readable = 1;

    readonly List<Thread> _threads = [];
    readonly int _first, _second;
    readonly TimeSpan _delay;
    volatile bool _stopped;

    /// <summary>Connects two devices; call it on a thread in their namespace.</summary>
    public DelayedWire(string first, string second, TimeSpan delay)
    {
        (_first, _second, _delay) = (Open(first), Open(second), delay);
        Carry(_first, _second);
        Carry(_second, _first);
    }

    void Carry(int from, int to)
    {
        var frames = Channel.CreateUnbounded<(long Due, byte[] Frame)>();
        Start(() => Read(from, frames.Writer));
        Start(() => Write(to, frames.Reader));
    }

    void Start(Action work)
    {
        var thread = new Thread(() => work()) { IsBackground = true };
        _threads.Add(thread);
        thread.Start();
    }

    void Read(int from, ChannelWriter<(long, byte[])> frames)
    {
        long ticks = (long)(_delay.TotalSeconds * Stopwatch.Frequency);
        byte[] buffer = new byte[LongestFrame];
        var wanted = new Native.PollDescriptor { Descriptor = from, Events = Readable };
        while (!_stopped)
        {
            if (Native.Poll(&wanted, 1, StopCheckMilliseconds) <= 0)
                continue;
            nint length;
            fixed (byte* start = buffer)
                length = Native.Receive(from, start, LongestFrame, 0);
            if (length > 0)
                frames.TryWrite((Stopwatch.GetTimestamp() + ticks, buffer.AsSpan(0, (int)length).ToArray()));
        }
        frames.Complete();
    }

    void Write(int to, ChannelReader<(long Due, byte[] Frame)> frames)
    {
        while (frames.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
        {
            while (!_stopped && frames.TryRead(out var next))
            {
                var wait = Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), next.Due);
                if (wait > TimeSpan.Zero)
                    Native.Poll(null, 0, (int)Math.Ceiling(wait.TotalMilliseconds));
                fixed (byte* start = next.Frame)
                    _ = Native.Send(to, start, (nuint)next.Frame.Length, 0);
            }
            if (_stopped)
                return;
        }
    }

    static int Open(string device)
    {
        int socket = Native.Socket(PacketFamily, RawKind, 0);
        byte* address = stackalloc byte[20]; // sockaddr_ll
        new Span<byte>(address, 20).Clear();
        *(ushort*)address = PacketFamily;
        *(ushort*)(address + 2) = AllProtocols;
        *(int*)(address + 4) = Native.DeviceIndex(device);
        int on = 1, buffer = 4 << 20;
        bool works = socket >= 0
            && Native.SetOption(socket, PacketLevel, VnetHeader, &on, sizeof(int)) == 0
            && Native.SetOption(socket, PacketLevel, IgnoreOutgoing, &on, sizeof(int)) == 0
            && Native.SetOption(socket, SocketLevel, SendBuffer, &buffer, sizeof(int)) == 0
            && Native.SetOption(socket, SocketLevel, ReceiveBuffer, &buffer, sizeof(int)) == 0
            && Native.Bind(socket, address, 20) == 0;
        return works ? socket : throw new InvalidOperationException($"No packet socket on {device}.");
    }

    public void Dispose()
    {
        _stopped = true;
        foreach (var thread in _threads)
            thread.Join();
        _ = Native.Close(_first);
        _ = Native.Close(_second);
    }
}
