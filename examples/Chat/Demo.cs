using System.Net;
using System.Security.Cryptography;
using System.Threading.Channels;
using TeredoSdk;

namespace Chat;

/// <summary>Two peers and a Teredo server on this machine: everything is real except the internet between them.</summary>
static class Demo
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    public static async Task<int> RunAsync(Arguments arguments, CancellationToken cancellationToken)
    {
        await using var server = await StartServerAsync(cancellationToken);
        var (primary, secondary) = (server.Report.EndPoint.Address, server.Report.SecondaryEndPoint!.Address);
        Console.WriteLine($"A Teredo server runs on this machine, at {primary} and {secondary}.");
        var options = arguments.Options;
        options.Provider = TeredoProvider.Embedded; // two peers on one machine can't share a Teredo interface of it
        (options.Servers, options.AllowPrivateAddresses) = ([$"{primary},{secondary}"], true);

        await using var aliceNode = await TeredoNode.StartAsync(options, cancellationToken);
        await using var bobNode = await TeredoNode.StartAsync(options, cancellationToken);
        var aliceCarrier = await Carrier.OpenAsync(aliceNode, arguments.Port ?? Program.DefaultPort, arguments, cancellationToken);
        var bobCarrier = await Carrier.OpenAsync(bobNode, 0, arguments, cancellationToken);
        Console.WriteLine($"alice is at {aliceCarrier.Invitation}");
        Console.WriteLine($"bob is at   {bobCarrier.Invitation}");
        Console.WriteLine(Carrier.Describe(aliceCarrier, aliceNode));

        var heard = Channel.CreateUnbounded<string>();
        await using var alice = new Mesh("alice", aliceCarrier, line => Tell("alice", line));
        await using var bob = new Mesh("bob", bobCarrier, line => Tell("bob", line));
        await bob.JoinAsync(aliceCarrier.Invitation).WaitAsync(cancellationToken);
        return await ChatAsync(alice, bob, heard.Reader, cancellationToken);

        void Tell(string who, string line)
        {
            Console.WriteLine($"{who,5} sees | {line}");
            if (!line.StartsWith('*'))
                heard.Writer.TryWrite(line);
        }
    }

    // A line goes from alice to bob, unless it begins with "bob:".
    static async Task<int> ChatAsync(Mesh alice, Mesh bob, ChannelReader<string> heard, CancellationToken cancellationToken)
    {
        if (!Console.IsInputRedirected)
            Console.WriteLine("What you type goes from alice to bob; after \"bob:\" it goes from bob to alice. Ctrl-C ends.");
        var said = new List<string>();
        bool allAcknowledged = true;
        await foreach (string line in Keyboard.ReadLinesAsync(cancellationToken))
            await SayAsync(line);
        if (said.Count == 0 && !cancellationToken.IsCancellationRequested)
        {
            await SayAsync("hello, bob");
            await SayAsync("bob: hello, alice");
        }
        return allAcknowledged && await HaveArrivedAsync(said, heard) ? 0 : throw new IOException("Not all lines arrived.");

        async Task SayAsync(string line)
        {
            bool isBob = line.StartsWith("bob:", StringComparison.Ordinal);
            string text = Words.Clean(isBob ? line[4..].Trim() : line);
            said.Add($"{(isBob ? "bob" : "alice")}: {text}");
            allAcknowledged &= await (isBob ? bob : alice).SayAsync(text) == 1;
        }
    }

    // A line that was acknowledged must also appear on the other peer's screen.
    static async Task<bool> HaveArrivedAsync(List<string> said, ChannelReader<string> heard)
    {
        using var limit = new CancellationTokenSource(Patience);
        var lines = new List<string>();
        try
        {
            while (lines.Count < said.Count)
                lines.Add(await heard.ReadAsync(limit.Token));
        }
        catch (OperationCanceledException)
        {
            return false;
        }
        return lines.Order(StringComparer.Ordinal).SequenceEqual(said.Order(StringComparer.Ordinal));
    }

    // Loopback has 16 million addresses. Random ones keep chats on one machine apart.
    static Task<TeredoServerHost> StartServerAsync(CancellationToken cancellationToken)
    {
        byte third = (byte)RandomNumberGenerator.GetInt32(256), second = (byte)RandomNumberGenerator.GetInt32(64, 192);
        return TeredoServerHost.StartAsync(new()
        {
            Address = new IPAddress([127, second, third, 1]),
            SecondaryAddress = new IPAddress([127, second, third, 2]),
            AllowPrivateAddresses = true,
        }, cancellationToken);
    }
}
