namespace GameServer.Game;

/// <summary>What a player sees at one tick: things by their number.</summary>
sealed class View
{
    readonly Thing[] _things = new Thing[Arena.LastThing + 1];

    /// <summary>The tick, or 0 for the view in which nothing is there.</summary>
    public uint Tick { get; set; }

    public Thing this[int id]
    {
        get => _things[id];
        set => _things[id] = value;
    }

    public void CopyFrom(View other) => other._things.CopyTo(_things.AsSpan());

    public void Clear()
    {
        Array.Clear(_things);
        Tick = 0;
    }
}

/// <summary>The last views by their tick, for deltas: the server's, which it may refer to, or the client's, which it may be referred to.</summary>
sealed class Views
{
    /// <summary>About two seconds. What was acknowledged longer ago serves no longer, and the next snapshot is a whole one.</summary>
    public const int Kept = 64;

    readonly View[] _views = [.. Enumerable.Range(0, Kept).Select(_ => new View())];
    readonly View _nothing = new();

    /// <summary>An empty view that goes with a tick from now on; it takes the place of an old one.</summary>
    public View Open(uint tick)
    {
        var view = _views[tick % Kept];
        view.Clear();
        view.Tick = tick;
        return view;
    }

    /// <summary>The view of a tick, null when it is not known; tick 0 is the empty view.</summary>
    public View? Find(uint tick) => tick == 0 ? _nothing : _views[tick % Kept] is var view && view.Tick == tick ? view : null;

    public void Clear()
    {
        foreach (var view in _views)
            view.Clear();
    }
}
