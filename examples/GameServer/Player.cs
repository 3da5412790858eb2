using System.Globalization;
using System.Text;
using GameServer.Game;
using TeredoSdk;

namespace GameServer;

/// <summary>A person at a terminal.</summary>
static class Player
{
    const int Columns = 64, Rows = 24, DrawEveryTicks = 3;
    static readonly TimeSpan PipedKeyTime = TimeSpan.FromMilliseconds(200);

    /// <summary>Runs the command play.</summary>
    public static async Task<int> RunAsync(Arguments arguments, CancellationToken cancellationToken)
    {
        using var lobby = Lobby.Of(arguments);
        await using var node = await TeredoNode.StartAsync(arguments.Options, cancellationToken);
        await using var seat = await Seat.TakeAsync(node, arguments.Name, arguments, lobby, cancellationToken);
        Console.WriteLine($"Joining {arguments.Game} ...");
        bool hasScreen = !Console.IsOutputRedirected;
        var (keys, isLeaving) = (Keys.None, false);
        _ = Task.Run(ReadKeysAsync, CancellationToken.None); // a read of the terminal has no other end than the process
        int ticks = 0;
        await Seat.RunAsync(() =>
        {
            seat.Tick(keys);
            seat.ThrowIfRefused();
            if (hasScreen && ++ticks % DrawEveryTicks == 0)
                Console.Write(Draw(seat));
            return !Volatile.Read(ref isLeaving);
        }, cancellationToken);
        if (seat.Client.Joins == 0)
            throw new IOException($"No answer of a game at {arguments.Game}.");
        Console.WriteLine($"{seat.Client.Me.Score} gems. Bye.");
        return 0;

        // Terminals don't tell when a key is released, so a key chooses a way, and the next one another.
        async Task ReadKeysAsync()
        {
            while (await NextKeyAsync() is { } key && key != 'q')
                keys = key switch { 'w' => Keys.Up, 's' => Keys.Down, 'a' => Keys.Left, 'd' => Keys.Right, _ => Keys.None };
            Volatile.Write(ref isLeaving, true);
        }
    }

    // From a pipe, each letter holds for a moment, and nothing is a key before the game has begun.
    static async Task<char?> NextKeyAsync()
    {
        if (Console.IsInputRedirected)
        {
            await Task.Delay(PipedKeyTime);
            return Console.In.Read() is >= 0 and var letter ? (char)letter : null;
        }
        var pressed = Console.ReadKey(intercept: true);
        return pressed.Key switch
        {
            ConsoleKey.UpArrow => 'w',
            ConsoleKey.DownArrow => 's',
            ConsoleKey.LeftArrow => 'a',
            ConsoleKey.RightArrow => 'd',
            _ => char.ToLowerInvariant(pressed.KeyChar),
        };
    }

    static string Draw(Seat seat)
    {
        var client = seat.Client;
        var screen = new StringBuilder("\e[H\e[2J");
        if (client.State == ClientState.Joining)
            return screen.Append("Waiting for the game ...\r\n").ToString();
        Span<char> map = stackalloc char[Columns * Rows];
        int unitX = 2 * Arena.Sight / Columns, unitY = 2 * Arena.Sight / Rows;
        for (int i = 0; i < map.Length; i++)
            map[i] = Arena.IsFree(client.Me.X + (((i % Columns) - (Columns / 2)) * unitX), client.Me.Y + (((i / Columns) - (Rows / 2)) * unitY)) ? ' ' : '#';
        for (int id = Arena.LastThing; id > 0; id--)
        {
            var thing = id == client.Id ? client.Me : client.View[id];
            int column = ((thing.X - client.Me.X) / unitX) + (Columns / 2), row = ((thing.Y - client.Me.Y) / unitY) + (Rows / 2);
            if (thing.IsThere && column is >= 0 and < Columns && row is >= 0 and < Rows)
                map[(row * Columns) + column] = id >= Arena.FirstGem ? '*' : id == client.Id ? '@' : char.ToUpperInvariant(client.NameOf(id)[0]);
        }
        for (int row = 0; row < Rows; row++)
            screen.Append(map.Slice(row * Columns, Columns)).Append("\r\n");
        return screen.Append(CultureInfo.InvariantCulture, $"{client.Me.Score} gems   server heard {seat.Age.TotalMilliseconds:0} ms ago   {client.Corrections} corrections\r\n").ToString();
    }
}
