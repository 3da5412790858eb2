using System.Net;
using System.Security.Cryptography;
using GameServer.Game;
using TeredoSdk;

namespace GameServer;

/// <summary>A Teredo server, a game and two players on this machine: everything is real except the internet between them, and the players are bots.</summary>
static class Demo
{
    static readonly TimeSpan Length = TimeSpan.FromSeconds(10);
    static readonly string[] Names = ["alice", "bob"];

    public static async Task<int> RunAsync(Arguments arguments, CancellationToken cancellationToken)
    {
        await using var server = await StartServerAsync(cancellationToken);
        string servers = $"{server.Report.EndPoint.Address},{server.Report.SecondaryEndPoint!.Address}";
        await using var host = await Host.StartAsync(Configure, arguments.Port, arguments.Web ?? 0, arguments.PerAddress, cancellationToken);
        Console.WriteLine($"Game: {host.EndPoint}");
        host.TellPages();
        Console.WriteLine($"Join it in another terminal: -- play {host.EndPoint} --server {servers} --allow-private");

        var options = new TeredoOptions();
        Configure(options);
        var nodes = new List<TeredoNode>();
        var seats = new List<Seat>();
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        try
        {
            foreach (string name in Names)
            {
                nodes.Add(await TeredoNode.StartAsync(options, cancellationToken));
                seats.Add(await Seat.TakeAsync(nodes[^1], name, Peer.From(host.EndPoint), cancellationToken));
            }
            if (Console.IsInputRedirected && arguments.Seconds is null)
                end.CancelAfter(Length);
            await Task.WhenAll(Bots.PlayAsync(seats, end.Token), host.ShowAsync(end.Token));
            Console.WriteLine($"Scores:\n{host.Match.Scores()}");
            return seats.All(seat => seat.Client.Me.Score > 0) || cancellationToken.IsCancellationRequested ? 0 : throw new IOException("Not every player could play.");
        }
        finally
        {
            foreach (var seat in seats)
                await seat.DisposeAsync();
            foreach (var node in nodes)
                await node.DisposeAsync();
        }

        void Configure(TeredoOptions teredo)
        {
            teredo.Provider = TeredoProvider.Embedded; // nodes on one machine can't share a Teredo interface of it
            (teredo.Servers, teredo.AllowPrivateAddresses) = ([servers], true);
        }
    }

    // Loopback has 16 million addresses. Random ones keep games on one machine apart.
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
