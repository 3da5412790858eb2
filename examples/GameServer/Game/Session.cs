using System.Numerics;

namespace GameServer.Game;

/// <summary>A player as the server knows it.</summary>
sealed class Session(Peer peer, ulong key, byte id, string name, TimeSpan now)
{
    const int FloodBurst = 3 * Arena.TicksPerSecond, FloodPerSecond = 2 * Arena.TicksPerSecond;
    const double Smoothing = 1 / 8.0;

    readonly TimeSpan[] _sent = new TimeSpan[Views.Kept];
    readonly Views _views = new();
    double _allowance = FloodBurst;
    TimeSpan _filled = now;
    uint _acked, _firstTick;

    /// <summary>Where the player is reached. It changes when the player comes back from another address.</summary>
    public Peer Peer { get; private set; } = peer;

    /// <summary>A secret of the player and the server. What has it comes from nobody else.</summary>
    public ulong Key => key;

    public byte Id => id;
    public string Name => name;
    public Inputs Inputs { get; } = new();
    public TimeSpan LastHeard { get; private set; } = now;
    public TimeSpan RoundTrip { get; private set; }

    /// <summary>Lost snapshots, 0 to 1, smoothed.</summary>
    public double Loss { get; private set; }

    /// <summary>What the player did wrong: one for each bad datagram, and one is forgiven each second.</summary>
    public double Strikes { get; set; }

    /// <summary>Goes on from another address, or after the client has lost what it knew.</summary>
    public void Resume(TimeSpan now, Peer peer)
    {
        (Peer, LastHeard, _acked, _firstTick) = (peer, now, 0, 0);
        _views.Clear();
    }

    /// <summary>Whether the player may send another datagram now.</summary>
    public bool Allows(TimeSpan now)
    {
        double seconds = (now - _filled).TotalSeconds;
        _filled = now;
        _allowance = Math.Min(_allowance + (seconds * FloodPerSecond), FloodBurst);
        Strikes = Math.Max(0, Strikes - seconds);
        if (_allowance < 1)
            return false;
        _allowance--;
        return true;
    }

    /// <summary>Takes a datagram with inputs; see <see cref="Kind.Input"/>.</summary>
    /// <returns>False when it is not well formed.</returns>
    public bool TakeInput(TimeSpan now, uint tick, ref Reader reader)
    {
        uint acked = reader.UInt32();
        int held = reader.Byte();
        uint received = reader.UInt32(), first = reader.UInt32();
        var keys = reader.Take(reader.Rest);
        if (reader.HasFailed || acked > tick || first == 0 || keys.Length is 0 or > Wire.MaxInputs || first > uint.MaxValue - Wire.MaxInputs
            || keys.ContainsAnyExceptInRange((byte)Keys.None, (byte)Keys.All))
            return false;
        LastHeard = now;
        Inputs.Add(first, keys);
        if (acked > _acked && _views.Find(acked) is not null)
            Acknowledge(now, acked, held, received);
        return true;
    }

    /// <summary>
    /// Writes what the player sees at a tick, as the difference from the last view that it acknowledged. It tells one player's name: each time another one's,
    /// so that all names are known soon, whatever gets lost.
    /// </summary>
    public void WriteView(ref Writer writer, TimeSpan now, uint tick, World world, Session named)
    {
        Span<byte> visible = stackalloc byte[Arena.MaxVisible];
        visible = visible[..world.Look(id, visible)];
        var view = _views.Open(tick);
        foreach (byte thing in visible)
            view[thing] = world[thing];
        var (baseline, acked) = _views.Find(_acked) is { } known ? (known, _acked) : (_views.Find(0)!, 0u);
        _sent[tick % Views.Kept] = now;
        _firstTick = _firstTick == 0 ? tick : _firstTick;
        writer.UInt32(tick);
        writer.UInt32(acked);
        writer.UInt32(Inputs.Last);
        writer.Byte(named.Id);
        writer.Name(named.Name);
        Delta.Write(ref writer, baseline, view, visible);
    }

    void Acknowledge(TimeSpan now, uint acked, int held, uint received)
    {
        _acked = acked;
        var sample = now - _sent[acked % Views.Kept] - TimeSpan.FromMilliseconds(held);
        RoundTrip = RoundTrip == TimeSpan.Zero ? sample : RoundTrip + ((sample - RoundTrip) * Smoothing);
        int count = (int)Math.Min(32, acked - _firstTick);
        if (count > 0)
            Loss += ((1 - (BitOperations.PopCount(received & (uint)((1UL << count) - 1)) / (double)count)) - Loss) * Smoothing;
    }
}
