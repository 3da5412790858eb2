namespace GameServer.Game;

/// <summary>The keys that a player holds down.</summary>
[Flags]
enum Keys : byte
{
    None = 0,
    Up = 1,
    Down = 2,
    Left = 4,
    Right = 8,
    All = Up | Down | Left | Right,
}

/// <summary>A player or a gem. Nothing stands at 0, so the default value is a thing that is not there.</summary>
readonly record struct Thing(short X, short Y, ushort Score = 0, Keys Keys = Keys.None)
{
    public bool IsThere => X != 0;

    public int DistanceTo(Thing other) => Math.Max(Math.Abs(X - other.X), Math.Abs(Y - other.Y));
}

/// <summary>
/// The rules that server and client share. All of it is integers, so that both come to the same result: what the client predicts is what the server
/// will say.
/// </summary>
static class Arena
{
    public const int TicksPerSecond = 30;
    public const int Size = 1600;
    public const int Radius = 12;
    public const int MaxPlayers = 64;
    public const int Gems = 100;

    /// <summary>Things have numbers: players 1 to 64, gems after them.</summary>
    public const int FirstGem = MaxPlayers + 1, LastThing = MaxPlayers + Gems;

    /// <summary>How far a player sees, and how many things at most: the nearest.</summary>
    public const int Sight = 500, MaxVisible = 80;

    const int Straight = 8, Diagonal = 6;

    public static readonly TimeSpan TickTime = TimeSpan.FromSeconds(1) / TicksPerSecond;

    /// <summary>Four pillars that nobody walks through.</summary>
    public static readonly (int Left, int Top, int Right, int Bottom)[] Pillars =
        [(350, 350, 550, 550), (1050, 350, 1250, 550), (350, 1050, 550, 1250), (1050, 1050, 1250, 1250)];

    /// <summary>Where a player is one tick later. Along a wall it slides.</summary>
    public static Thing Move(Thing player, Keys keys)
    {
        int x = Is(Keys.Right) - Is(Keys.Left), y = Is(Keys.Down) - Is(Keys.Up);
        int speed = x != 0 && y != 0 ? Diagonal : Straight;
        player = player with { Keys = keys };
        if (IsFree(player.X + (x * speed), player.Y))
            player = player with { X = (short)(player.X + (x * speed)) };
        if (IsFree(player.X, player.Y + (y * speed)))
            player = player with { Y = (short)(player.Y + (y * speed)) };
        return player;

        int Is(Keys key) => (keys & key) != 0 ? 1 : 0;
    }

    /// <summary>Whether a player fits there.</summary>
    public static bool IsFree(int x, int y)
    {
        foreach (var (left, top, right, bottom) in Pillars)
            if (x > left - Radius && x < right + Radius && y > top - Radius && y < bottom + Radius)
                return false;
        return x is >= Radius and <= Size - Radius && y is >= Radius and <= Size - Radius;
    }
}
