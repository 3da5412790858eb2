using System.Globalization;
using GameServer.Game;
using TeredoSdk;

namespace GameServer;

/// <summary>Players without a person.</summary>
static class Bots
{
    /// <summary>Runs the command bots.</summary>
    public static async Task<int> RunAsync(Arguments arguments, CancellationToken cancellationToken)
    {
        using var lobby = Lobby.Of(arguments);
        await using var node = await TeredoNode.StartAsync(arguments.Options, cancellationToken);
        var seats = new List<Seat>();
        try
        {
            for (int i = 1; i <= arguments.Count; i++)
                seats.Add(await Seat.TakeAsync(node, $"bot{i}", arguments, lobby, cancellationToken));
            Console.WriteLine($"{arguments.Count} bots play from {node.Address}. Ctrl-C ends.");
            await PlayAsync(seats, cancellationToken);
            foreach (var client in seats.Select(seat => seat.Client))
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{client.NameOf(client.Id)}: {client.Me.Score} gems, {client.Joins} joins, {client.Corrections} corrections"));
            return seats.All(seat => seat.Client.Joins > 0) ? 0 : throw new IOException($"No answer of a game at {arguments.Game}.");
        }
        finally
        {
            foreach (var seat in seats)
                await seat.DisposeAsync();
        }
    }

    public static Task PlayAsync(IReadOnlyList<Seat> seats, CancellationToken cancellationToken)
    {
        var bots = seats.Select((_, i) => new Bot(new Random(i))).ToArray();
        return Seat.RunAsync(() =>
        {
            for (int i = 0; i < seats.Count; i++)
            {
                seats[i].Tick(bots[i].Decide(seats[i].Client));
                seats[i].ThrowIfRefused();
            }
            return true;
        }, cancellationToken);
    }
}
