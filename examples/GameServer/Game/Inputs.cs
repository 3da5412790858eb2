namespace GameServer.Game;

/// <summary>
/// A player's inputs that wait for their tick. Each is used once and in its order, however often and in whatever order they come; so the client knows
/// exactly where the player is after each.
/// </summary>
sealed class Inputs
{
    const int Room = 64;

    // What is usual with jitter. More than that shrinks by two inputs in a tick.
    const int UsuallyWaiting = 3;

    // Moves cost credit, and a tick gives 2 % more than one move: enough for a quick clock, but nobody gets far ahead by sending more inputs.
    const int Move = 50, PerTick = 51, MaxCredit = 30 * Move;

    readonly Keys[] _keys = new Keys[Room];
    readonly uint[] _numbers = new uint[Room];
    uint _newest;
    int _credit = MaxCredit;

    /// <summary>The last input that was used; or that never came while later ones did.</summary>
    public uint Last { get; private set; }

    public long Used { get; private set; }

    public void Add(uint first, ReadOnlySpan<byte> keys)
    {
        for (int i = 0; i < keys.Length; i++)
        {
            uint number = first + (uint)i;
            if (number <= Last)
                continue;
            if (number > Last + Room)
                Last = number - Room;
            (_numbers[number % Room], _keys[number % Room]) = (number, (Keys)keys[i]);
            _newest = Math.Max(_newest, number);
        }
    }

    /// <summary>The inputs that are due in this tick.</summary>
    /// <returns>How many: none, one or two.</returns>
    public int Take(Span<Keys> due)
    {
        _credit = Math.Min(_credit + PerTick, MaxCredit);
        int wanted = _newest > Last + UsuallyWaiting ? 2 : 1, count = 0;
        while (count < wanted && _credit >= Move && Last < _newest)
        {
            do
                Last++;
            while (_numbers[Last % Room] != Last);
            due[count++] = _keys[Last % Room];
            _credit -= Move;
        }
        Used += count;
        return count;
    }
}
