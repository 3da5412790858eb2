using System.Globalization;
using System.Net;
using TeredoSdk.Platform.Tests.Network;
using TeredoSdk.Platform.Tests.Programs;

namespace TeredoSdk.Datapath;

/// <summary>This program in a second part: an application of a user on a host, which sends or takes as much as it can over the SDK's sockets.</summary>
static class Actor
{
    /// <summary>The first argument.</summary>
    public const string Verb = "actor";

    // In the provider's place: the embedded engine with TCP of one kind, by CUBIC.
    const string InProcess = nameof(TeredoSockets.InProcess), Kernel = nameof(TeredoSockets.Kernel);

    const string Sink = "sink", Source = "source", Listening = "takes at ", Counts = "octets";
    const int Port = 4242, BufferOctets = 256 << 10;

    /// <summary>Plays the part until its standard input ends, or it is ended.</summary>
    public static async Task<int> RunAsync(string[] args)
    {
        bool isOfStreams = args[2] is InProcess or Kernel;
        var options = new TeredoOptions
        {
            Servers = [args[1]],
            Provider = isOfStreams ? TeredoProvider.Embedded : Enum.Parse<TeredoProvider>(args[2]),
            Sockets = isOfStreams ? Enum.Parse<TeredoSockets>(args[2]) : TeredoSockets.Auto,
            AllowPrivateAddresses = true,
            PortMapping = false,
        };
        await (args[0] switch
        {
            Sink => TakeAsync(options, int.Parse(args[3], CultureInfo.InvariantCulture)),
            Source => SendAsync(options, IPEndPoint.Parse(args[3])),
            Crowd.Echo => Crowd.EchoAsync(options),
            _ => Crowd.CallAsync(options, IPEndPoint.Parse(args[3]), int.Parse(args[4], CultureInfo.InvariantCulture)),
        });
        return 0;
    }

    /// <summary>Starts one that takes, with so many nodes, and waits until peers can get in.</summary>
    public static Task<Receiver> StartSinkAsync(LabHost host, LabHost server, TeredoProvider provider, int nodes) =>
        StartSinkAsync(host, server, $"{provider}", nodes);

    /// <summary>Starts one that takes, with one node and TCP inside the process or, else, the kernel's.</summary>
    public static Task<Receiver> StartSinkAsync(LabHost host, LabHost server, bool isInProcess) =>
        StartSinkAsync(host, server, isInProcess ? InProcess : Kernel, 1);

    static async Task<Receiver> StartSinkAsync(LabHost host, LabHost server, string provider, int nodes)
    {
        var process = Start(host, Sink, server, provider, nodes.ToString(CultureInfo.InvariantCulture));
        await process.WaitForLineAsync(Counts);
        return new(process, [.. process.Output.Split('\n').Where(line => line.StartsWith(Listening, StringComparison.Ordinal))
            .Select(line => IPEndPoint.Parse(line[Listening.Length..]))]);
    }

    /// <summary>Starts one that sends.</summary>
    public static LabProcess StartSource(LabHost host, LabHost server, TeredoProvider provider, IPEndPoint target) =>
        Start(host, Source, server, $"{provider}", $"{target}");

    /// <summary>Starts one that sends over TCP inside the process or, else, the kernel's.</summary>
    public static LabProcess StartSource(LabHost host, LabHost server, bool isInProcess, IPEndPoint target) =>
        Start(host, Source, server, isInProcess ? InProcess : Kernel, $"{target}");

    /// <summary>Starts one as an ordinary user.</summary>
    public static LabProcess Start(LabHost host, string part, LabHost server, TeredoProvider provider, params string[] arguments) =>
        Start(host, part, server, $"{provider}", arguments);

    static LabProcess Start(LabHost host, string part, LabHost server, string provider, params string[] arguments) =>
        host.Start(BuildOutput.Executable("tests/Benchmarks/Datapath", "TeredoSdk.Datapath"), [Verb, part, $"{server.Address}", provider, .. arguments],
            provider is InProcess or Kernel ? new() : StartOptions.User); // an ordinary user may not choose CUBIC

    static async Task TakeAsync(TeredoOptions options, int count)
    {
        long[] octets = new long[count];
        for (int i = 0; i < count; i++)
        {
            var node = await TeredoNode.StartAsync(options);
            var listener = await node.ListenAsync(Port);
            Console.WriteLine($"{Listening}{new IPEndPoint(node.Address!, Port)}");
            _ = AcceptAsync(listener, i);
        }
        do
            Console.WriteLine($"{Counts} {string.Join(' ', octets.Select((_, i) => Interlocked.Read(ref octets[i])))}");
        while (await Console.In.ReadLineAsync() is not null);

        async Task AcceptAsync(TeredoListener listener, int index)
        {
            while (true)
                _ = ReceiveAsync(await listener.AcceptAsync(), index);
        }

        async Task ReceiveAsync(TeredoConnection connection, int index)
        {
            byte[] buffer = new byte[BufferOctets];
            while (await connection.GetStream().ReadAsync(buffer) is > 0 and int read)
                Interlocked.Add(ref octets[index], read);
        }
    }

    static async Task SendAsync(TeredoOptions options, IPEndPoint target)
    {
        await using var connection = await TeredoSocket.ConnectAsync(target, options);
        if (options.Sockets == TeredoSockets.Kernel)
            connection.Socket!.UseCubic();
        byte[] buffer = new byte[BufferOctets];
        while (true)
            await connection.GetStream().WriteAsync(buffer);
    }

    /// <summary>A process that takes what comes, with one or several nodes.</summary>
    /// <param name="Process">The process.</param>
    /// <param name="EndPoints">Where its nodes listen.</param>
    public sealed record Receiver(LabProcess Process, IPEndPoint[] EndPoints)
    {
        /// <summary>How many octets came to each node until now.</summary>
        public async Task<long[]> CountAsync()
        {
            int from = Process.LineCount;
            await Process.Input.WriteLineAsync();
            await Process.Input.FlushAsync();
            string line = await Process.WaitForLineAsync(Counts, from: from);
            return [.. line.Split(' ').Skip(1).Select(count => long.Parse(count, CultureInfo.InvariantCulture))];
        }
    }
}
