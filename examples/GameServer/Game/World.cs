namespace GameServer.Game;

/// <summary>All players and gems, and what happens among them. Only the server has it.</summary>
sealed class World
{
    readonly Random _random;
    readonly View _things = new();

    public World(Random random)
    {
        _random = random;
        for (int id = Arena.FirstGem; id <= Arena.LastThing; id++)
            _things[id] = FreePlace();
    }

    public Thing this[int id] => _things[id];

    public void Enter(int id) => _things[id] = FreePlace();

    public void Leave(int id) => _things[id] = default;

    /// <summary>Moves a player by one tick, and gives it the gems that it reaches.</summary>
    public void Move(int id, Keys keys)
    {
        var player = Arena.Move(_things[id], keys);
        for (int gem = Arena.FirstGem; gem <= Arena.LastThing; gem++)
        {
            if (player.DistanceTo(_things[gem]) > 2 * Arena.Radius)
                continue;
            player = player with { Score = (ushort)Math.Min(player.Score + 1, ushort.MaxValue) };
            _things[gem] = FreePlace();
        }
        _things[id] = player;
    }

    /// <summary>
    /// What a player sees: itself first, then the nearest things. The interest limit keeps a snapshot small however full the arena is, and a client that
    /// cheats knows no more than others.
    /// </summary>
    /// <returns>How many; their numbers are in <paramref name="visible"/>.</returns>
    public int Look(int id, Span<byte> visible)
    {
        Span<int> found = stackalloc int[Arena.LastThing];
        int count = 0;
        for (int other = 1; other <= Arena.LastThing; other++)
            if (_things[other].IsThere && _things[other].DistanceTo(_things[id]) is <= Arena.Sight and var distance)
                found[count++] = other == id ? id : ((distance + 1) << 8) | other;
        found[..count].Sort();
        count = Math.Min(count, visible.Length);
        for (int i = 0; i < count; i++)
            visible[i] = (byte)found[i];
        return count;
    }

    Thing FreePlace()
    {
        while (true)
        {
            int x = _random.Next(Arena.Size), y = _random.Next(Arena.Size);
            if (Arena.IsFree(x, y))
                return new((short)x, (short)y);
        }
    }
}
