using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using TeredoSdk.Platform.Tests.Network;

namespace TeredoSdk.Datapath;

/// <summary>Sends and receives with ordinary sockets of this process in the namespaces of two hosts.</summary>
sealed class Traffic(LabHost from, LabHost to, TrafficPath path, TimeSpan duration)
{
    const int DatagramOctets = 1200, OfferedGbit = 1, Pings = 200, LoadedPings = 300;

    /// <summary>Where the second host listens.</summary>
    public const int TcpPort = 5001, UdpPort = 5002, EchoPort = 5003;

    static readonly TimeSpan Warmup = TimeSpan.FromSeconds(0.5), AnswerLimit = TimeSpan.FromSeconds(1), BetweenPings = TimeSpan.FromMilliseconds(5);

    /// <summary>Everything, in the order of the columns of the table.</summary>
    public double[] Measure()
    {
        double[] idle = [], loaded = [];
        var (gbit, cpu) = (0.0, 0.0);
        WithEcho(ping =>
        {
            idle = RoundTrips(ping, Pings);
            (gbit, cpu) = Stream(() => loaded = RoundTrips(ping, LoadedPings));
        });
        var (udp, loss) = Datagrams();
        double lost = loaded.Count(time => time >= AnswerLimit.TotalMilliseconds) / (double)loaded.Length;
        return [gbit, cpu, udp, loss, At(idle, 0.5), At(loaded, 0.5), At(loaded, 0.99), lost];
    }

    /// <summary>Waits until the peers know each other.</summary>
    public void Meet() => WithEcho(_ => { });

    void WithEcho(Action<Socket> use)
    {
        using var echo = Bind(to, SocketType.Dgram, ProtocolType.Udp, EchoPort);
        var echoing = Start(() => Echo(echo));
        using var ping = Create(from, SocketType.Dgram, ProtocolType.Udp);
        ping.Connect(new IPEndPoint(path.Address, EchoPort));
        for (double first = double.NaN; double.IsNaN(first);) // until the peers know each other
            first = RoundTrip(ping);
        use(ping);
        echo.Dispose();
        echoing.Join();
    }

    /// <summary>TCP goodput in Gbit/s, and the seconds of processor time of the tunnel's processes for a gigabit.</summary>
    /// <param name="alongside">Runs while the stream goes on, after it was measured.</param>
    public (double Gbit, double CpuPerGbit) Stream(Action alongside)
    {
        using var listener = Bind(to, SocketType.Stream, ProtocolType.Tcp, TcpPort);
        listener.Listen();
        using var sender = Create(from, SocketType.Stream, ProtocolType.Tcp);
        sender.Connect(new IPEndPoint(path.Address, TcpPort));
        using var receiver = listener.Accept();
        long received = 0;
        var sending = Start(() => SendAll(sender));
        var receiving = Start(() => Receive(receiver, octets => Interlocked.Add(ref received, octets)));
        Thread.Sleep(Warmup);
        var (clock, before, cpuBefore) = (Stopwatch.StartNew(), Interlocked.Read(ref received), Cpu.SecondsOf(path.Processes));
        Thread.Sleep(duration);
        double gbits = (Interlocked.Read(ref received) - before) * 8 / 1e9;
        var (seconds, cpu) = (clock.Elapsed.TotalSeconds, Cpu.SecondsOf(path.Processes) - cpuBefore);
        alongside();
        sender.Dispose();
        receiver.Dispose();
        sending.Join();
        receiving.Join();
        return (gbits / seconds, cpu / gbits);
    }

    (double Gbit, double Loss) Datagrams()
    {
        using var receiver = Bind(to, SocketType.Dgram, ProtocolType.Udp, UdpPort);
        receiver.ReceiveBufferSize = 4 << 20;
        using var sender = Create(from, SocketType.Dgram, ProtocolType.Udp);
        sender.Connect(new IPEndPoint(path.Address, UdpPort));
        long received = 0;
        var receiving = Start(() => Receive(receiver, _ => Interlocked.Increment(ref received)));
        byte[] datagram = new byte[DatagramOctets];
        double perSecond = OfferedGbit * 1e9 / 8 / DatagramOctets;
        long sent = 0;
        var clock = Stopwatch.StartNew();
        while (clock.Elapsed < duration)
        {
            for (long due = (long)(clock.Elapsed.TotalSeconds * perSecond); sent < due; sent++)
                sender.Send(datagram);
            Thread.Yield();
        }
        double seconds = clock.Elapsed.TotalSeconds;
        Thread.Sleep(Warmup); // the last ones are on their way
        long arrived = Interlocked.Read(ref received);
        receiver.Dispose();
        receiving.Join();
        return (arrived * DatagramOctets * 8 / 1e9 / seconds, 1 - arrived / (double)sent);
    }

    static double[] RoundTrips(Socket socket, int count)
    {
        List<double> times = [];
        for (int i = 0; i < count; i++)
        {
            times.Add(RoundTrip(socket));
            Thread.Sleep(BetweenPings);
        }
        return [.. times.Select(time => double.IsNaN(time) ? AnswerLimit.TotalMilliseconds : time).Order()];
    }

    // NaN when there is no answer.
    static double RoundTrip(Socket socket)
    {
        byte[] question = BitConverter.GetBytes(Stopwatch.GetTimestamp()), answer = new byte[question.Length];
        socket.ReceiveTimeout = (int)AnswerLimit.TotalMilliseconds;
        long start = Stopwatch.GetTimestamp();
        try
        {
            socket.Send(question);
            while (socket.Receive(answer) != question.Length || !answer.AsSpan().SequenceEqual(question))
                continue; // the answer to one that was given up
            return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        }
        catch (SocketException)
        {
            return double.NaN;
        }
    }

    static double At(double[] sorted, double part) => sorted[(int)(part * (sorted.Length - 1))];

    // For IPv4, too: the kernel without a tunnel.
    static Socket Create(LabHost host, SocketType type, ProtocolType protocol)
    {
        var socket = host.CreateSocket(AddressFamily.InterNetworkV6, type, protocol);
        socket.DualMode = true;
        return socket;
    }

    static Socket Bind(LabHost host, SocketType type, ProtocolType protocol, int port)
    {
        var socket = Create(host, type, protocol);
        socket.Bind(new IPEndPoint(IPAddress.IPv6Any, port));
        return socket;
    }

    static void Echo(Socket socket)
    {
        byte[] buffer = new byte[2048];
        EndPoint peer = new IPEndPoint(IPAddress.IPv6Any, 0);
        while (true)
            socket.SendTo(buffer, socket.ReceiveFrom(buffer, ref peer), SocketFlags.None, peer);
    }

    public static void SendAll(Socket socket)
    {
        byte[] buffer = new byte[256 << 10];
        while (true)
            socket.Send(buffer);
    }

    static void Receive(Socket socket, Action<int> count)
    {
        byte[] buffer = new byte[256 << 10];
        while (socket.Receive(buffer) is > 0 and var octets)
            count(octets);
    }

    /// <summary>Runs on a thread that ends when its socket is closed.</summary>
    public static Thread Start(Action run)
    {
        var thread = new Thread(() =>
        {
            try
            {
                run();
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                // This is the end.
            }
        });
        thread.IsBackground = true;
        thread.Start();
        return thread;
    }
}
