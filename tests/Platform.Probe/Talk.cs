using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text;

namespace TeredoSdk.Platform.Probe;

/// <summary>A node that listens, echoes, and calls others, by commands on stdin; it ends with that.</summary>
sealed class Talk(TeredoNode node, TeredoListener listener)
{
    const int Port = 7000;

    readonly TaskCompletionSource _go = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public static async Task<int> RunAsync(TextReader commands)
    {
        await using var node = await TeredoNode.StartAsync(Options.Create());
        await using var listener = await node.ListenAsync(Port);
        var talk = new Talk(node, listener);
        _ = TellChangesAsync(listener);
        _ = AcceptAsync(listener);
        Say($"listening {await EndPointAsync(listener)}");
        while (await commands.ReadLineAsync() is { } command)
            await talk.ObeyAsync(command.Split(' '));
        return 0;
    }

    async Task ObeyAsync(string[] command)
    {
        switch (command)
        {
            case ["call", var tag, var peer]: // from a node of its own: nobody knows it yet
                _ = CallAsync(tag, IPEndPoint.Parse(peer));
                break;
            case ["open", var tag, var peer]: // from this one, and keep the connection
                _ = OpenAsync(tag, IPEndPoint.Parse(peer));
                break;
            case ["send", var tag, var peer, var octets]:
                _ = TransferAsync(tag, IPEndPoint.Parse(peer), int.Parse(octets, null));
                break;
            case ["go"]:
                _go.SetResult();
                break;
            case ["mapping"]:
                await TellMappingAsync();
                break;
            case ["stop"]:
                await node.DisposeAsync();
                Say("stopped");
                break;
        }
    }

    // Behind a symmetric NAT the address goes again at once when the router has given a port.
    static async Task<IPEndPoint> EndPointAsync(TeredoListener listener)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (true)
        {
            if (listener.TeredoEndPoint is { } endPoint)
                return endPoint;
            await timer.WaitForNextTickAsync();
        }
    }

    // As soon as the router has answered. Behind a symmetric NAT the node starts over then, so the address has to stand for a while.
    async Task TellMappingAsync()
    {
        const int polls = 25;
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        for (int settled = 0; settled < polls; settled++)
        {
            await timer.WaitForNextTickAsync();
            if (node.Report is { Address: null } or { PortMapping: PortMappingState.NotAsked or PortMappingState.Asking })
                settled = 0;
        }
        var report = node.Report;
        Say($"mapping {report.PortMapping} {report.PortMappingProtocol ?? report.PortMappingProblem} {report.PortMappingEndPoint} at {await EndPointAsync(listener)}");
    }

    static async Task CallAsync(string tag, IPEndPoint peer)
    {
        try
        {
            await using var caller = await TeredoNode.StartAsync(Options.Create());
            long start = Stopwatch.GetTimestamp();
            try
            {
                await using var connection = await caller.ConnectAsync(peer);
                await EchoAsync(connection.GetStream(), Encoding.ASCII.GetBytes(tag));
                Say($"{tag} connected after {Milliseconds(start)} ms from {connection.LocalEndPoint}");
            }
            catch (TeredoException e)
            {
                Say($"{tag} failed after {Milliseconds(start)} ms with {e.Error}: {e.Message}");
            }
        }
        catch (Exception e)
        {
            Say($"{tag} broke: {e}");
        }
    }

    async Task OpenAsync(string tag, IPEndPoint peer)
    {
        try
        {
            await using var connection = await node.ConnectAsync(peer);
            await EchoAsync(connection.GetStream(), Encoding.ASCII.GetBytes(tag));
            Say($"{tag} open");
            await connection.GetStream().ReadExactlyAsync(new byte[1]);
        }
        catch (TeredoException e)
        {
            Say($"{tag} ended with {e.Error}: {e.Message}");
        }
        catch (Exception e)
        {
            Say($"{tag} broke: {e}");
        }
    }

    // Connects, waits until it is told to go on, then sends and compares what comes back.
    async Task TransferAsync(string tag, IPEndPoint peer, int octets)
    {
        try
        {
            await using var connection = await node.ConnectAsync(peer);
            await EchoAsync(connection.GetStream(), new byte[1]);
            Say($"{tag} open");
            await _go.Task;
            byte[] data = new byte[octets];
            new Random(octets).NextBytes(data);
            long start = Stopwatch.GetTimestamp();
            await EchoAsync(connection.GetStream(), data);
            Say($"{tag} done after {Milliseconds(start)} ms");
        }
        catch (Exception e)
        {
            Say($"{tag} broke: {e}");
        }
    }

    static async Task EchoAsync(Stream stream, byte[] data)
    {
        byte[] back = new byte[data.Length];
        var sending = stream.WriteAsync(data).AsTask();
        await stream.ReadExactlyAsync(back);
        await sending;
        if (!back.AsSpan().SequenceEqual(data))
            throw new InvalidDataException("What came back is not what was sent.");
    }

    static async Task TellChangesAsync(TeredoListener listener)
    {
        await foreach (var change in listener.StateChanges)
            Say($"change {change.Kind} {change.Address} {change.PreviousAddress} at {listener.TeredoEndPoint}");
    }

    static async Task AcceptAsync(TeredoListener listener)
    {
        try
        {
            while (true)
                _ = ServeAsync(await listener.AcceptAsync());
        }
        catch (ObjectDisposedException)
        {
            // The end.
        }
    }

    static async Task ServeAsync(TeredoConnection connection)
    {
        try
        {
            await using (connection)
                await connection.GetStream().CopyToAsync(connection.GetStream());
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            Say($"served {connection.RemoteEndPoint} until {(e as TeredoException)?.Error.ToString() ?? e.Message}");
        }
    }

    static string Milliseconds(long start) => Stopwatch.GetElapsedTime(start).TotalMilliseconds.ToString("F0", CultureInfo.InvariantCulture);

    static void Say(string line) => Console.Out.WriteLine(line);
}
