using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using TeredoSdk.Platform.Tests.Network;

namespace TeredoSdk.Datapath;

/// <summary>What was measured of one way in one round.</summary>
/// <param name="TcpGbit">TCP goodput, in Gbit/s.</param>
/// <param name="CpuPerGbit">Seconds of processor time of both tunnel processes for a gigabit of TCP.</param>
/// <param name="UdpGbit">Goodput of datagrams of 1200 octets at 1 Gbit/s offered.</param>
/// <param name="UdpLoss">The part of the datagrams sent that did not arrive.</param>
/// <param name="IdleMs">Round trip on an idle tunnel, median, in milliseconds.</param>
/// <param name="LoadedMs">Round trip under full TCP load, median.</param>
/// <param name="LoadedP99Ms">The same, the 99th of 100.</param>
sealed record Figures(double TcpGbit, double CpuPerGbit, double UdpGbit, double UdpLoss, double IdleMs, double LoadedMs, double LoadedP99Ms);

/// <summary>Sends and receives with ordinary sockets of this process in the namespaces of two hosts.</summary>
sealed class Traffic(LabHost from, LabHost to, Tunnel tunnel, TimeSpan duration)
{
    const int DatagramOctets = 1200, OfferedGbit = 1, Pings = 200, LoadedPings = 300;
    const int TcpPort = 5001, UdpPort = 5002, EchoPort = 5003;
    static readonly TimeSpan Warmup = TimeSpan.FromSeconds(0.5), AnswerLimit = TimeSpan.FromSeconds(1), BetweenPings = TimeSpan.FromMilliseconds(5);

    public Figures Measure()
    {
        using var echo = Bind(to, SocketType.Dgram, ProtocolType.Udp, EchoPort);
        var echoing = Start(() => Echo(echo));
        using var ping = from.CreateSocket(AddressFamily.InterNetworkV6, SocketType.Dgram, ProtocolType.Udp);
        ping.Connect(new IPEndPoint(tunnel.Address, EchoPort));
        for (double first = double.NaN; double.IsNaN(first);) // until the peers know each other
            first = RoundTrip(ping);
        double[] idle = RoundTrips(ping, Pings);
        double[] loaded = [];
        var (gbit, cpu) = Stream(() => loaded = RoundTrips(ping, LoadedPings));
        var (udp, loss) = Datagrams();
        echo.Dispose();
        echoing.Join();
        return new(gbit, cpu, udp, loss, At(idle, 0.5), At(loaded, 0.5), At(loaded, 0.99));
    }

    (double Gbit, double CpuPerGbit) Stream(Action alongside)
    {
        using var listener = Bind(to, SocketType.Stream, ProtocolType.Tcp, TcpPort);
        listener.Listen();
        using var sender = from.CreateSocket(AddressFamily.InterNetworkV6, SocketType.Stream, ProtocolType.Tcp);
        sender.Connect(new IPEndPoint(tunnel.Address, TcpPort));
        using var receiver = listener.Accept();
        long received = 0;
        var sending = Start(() => SendAll(sender));
        var receiving = Start(() => Receive(receiver, octets => Interlocked.Add(ref received, octets)));
        Thread.Sleep(Warmup);
        var (clock, before, cpuBefore) = (Stopwatch.StartNew(), Interlocked.Read(ref received), ProcessorTime());
        Thread.Sleep(duration);
        double gbits = (Interlocked.Read(ref received) - before) * 8 / 1e9;
        var (seconds, cpu) = (clock.Elapsed.TotalSeconds, ProcessorTime() - cpuBefore);
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
        using var sender = from.CreateSocket(AddressFamily.InterNetworkV6, SocketType.Dgram, ProtocolType.Udp);
        sender.Connect(new IPEndPoint(tunnel.Address, UdpPort));
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

    static Socket Bind(LabHost host, SocketType type, ProtocolType protocol, int port)
    {
        var socket = host.CreateSocket(AddressFamily.InterNetworkV6, type, protocol);
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

    static void SendAll(Socket socket)
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

    // The thread ends when its socket is closed.
    static Thread Start(Action run)
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

    // Of the tunnel's processes and their children, in seconds. proc(5): fields 4, 14 and 15 of stat, in ticks of 10 ms.
    double ProcessorTime()
    {
        long ticks = 0;
        foreach (string folder in Directory.EnumerateDirectories("/proc").Where(folder => char.IsAsciiDigit(Path.GetFileName(folder)[0])))
        {
            try
            {
                string stat = File.ReadAllText(Path.Combine(folder, "stat"));
                string[] fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
                int id = int.Parse(Path.GetFileName(folder), CultureInfo.InvariantCulture), parent = int.Parse(fields[1], CultureInfo.InvariantCulture);
                if (tunnel.Processes.Any(process => process.Id == id || process.Id == parent))
                    ticks += long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture);
            }
            catch (IOException)
            {
                // It has just ended.
            }
        }
        return ticks / 100.0;
    }
}
