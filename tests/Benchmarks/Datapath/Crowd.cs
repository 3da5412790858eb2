using System.Diagnostics;
using System.Globalization;
using System.Net;

namespace TeredoSdk.Datapath;

/// <summary>Two actors: one that echoes on all its connections, and one that opens many and talks over all of them while all are open.</summary>
static class Crowd
{
    /// <summary>The parts that they play.</summary>
    public const string Echo = "echo", Callers = "callers";

    /// <summary>What each says when it has done its part, before its figures.</summary>
    public const string Listening = "echoes at ", Done = "echoed ";

    const int Port = 4242, MessageOctets = 1000, AtOnce = 64;

    public static async Task EchoAsync(TeredoOptions options)
    {
        await using var node = await TeredoNode.StartAsync(options);
        await using var listener = await node.ListenAsync(new TeredoListenOptions { Port = Port, Backlog = 1024 });
        Console.WriteLine($"{Listening}{new IPEndPoint(node.Address!, Port)}");
        while (true)
            _ = AnswerAsync(await listener.AcceptAsync());

        static async Task AnswerAsync(TeredoConnection connection)
        {
            await using (connection)
            {
                byte[] buffer = new byte[MessageOctets];
                while (await connection.GetStream().ReadAsync(buffer) is > 0 and int read)
                    await connection.GetStream().WriteAsync(buffer.AsMemory(0, read));
            }
        }
    }

    public static async Task CallAsync(TeredoOptions options, IPEndPoint target, int count)
    {
        await using var node = await TeredoNode.StartAsync(options);
        var clock = Stopwatch.StartNew();
        var connections = new TeredoConnection?[count];
        await Parallel.ForAsync(0, count, new ParallelOptions { MaxDegreeOfParallelism = AtOnce }, async (i, cancellation) =>
        {
            try
            {
                connections[i] = await node.ConnectAsync(target, cancellation);
            }
            catch (TeredoException e)
            {
                Console.Error.WriteLine(e.Message);
            }
        });
        double connecting = clock.Elapsed.TotalSeconds;
        clock.Restart();
        bool[] echoed = await Task.WhenAll(connections.OfType<TeredoConnection>().Select((connection, i) => TalkAsync(connection, (byte)i)));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Done}{echoed.Count(isRight => isRight)} {connecting} {clock.Elapsed.TotalSeconds}"));
        await Console.In.ReadLineAsync();
    }

    static async Task<bool> TalkAsync(TeredoConnection connection, byte content)
    {
        byte[] message = new byte[MessageOctets], answer = new byte[MessageOctets];
        message.AsSpan().Fill(content);
        await connection.GetStream().WriteAsync(message);
        await connection.GetStream().ReadExactlyAsync(answer);
        return answer.AsSpan().SequenceEqual(message);
    }
}
