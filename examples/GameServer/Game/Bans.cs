using TeredoSdk.Protocol;

namespace GameServer.Game;

/// <summary>
/// Who may not play for a while. The first bans hit one IPv4 end point, so that others behind the same NAT play on; who comes back from other ports of
/// the same address takes the address along.
/// </summary>
/// <remarks>Only peers that proved their address get here, so nobody has others banned by forged datagrams.</remarks>
sealed class Bans
{
    /// <summary>How many bans within <see cref="Memory"/> make the next one hit the whole address.</summary>
    public const int Repeats = 2;

    public static readonly TimeSpan Short = TimeSpan.FromMinutes(1), Long = TimeSpan.FromMinutes(10), Memory = TimeSpan.FromHours(1);

    const int Room = 4096;

    readonly Dictionary<Origin, TimeSpan> _until = [];
    readonly Dictionary<Origin, (int Count, TimeSpan Last)> _history = [];

    public int Count => _until.Count;

    public void Ban(TimeSpan now, IPv6Address address)
    {
        Forget(now);
        var (narrow, wide) = (Origin.EndPointOf(address), Origin.AddressOf(address));
        _history.TryGetValue(wide, out var before);
        bool isRepeated = before.Count >= Repeats;
        if (_until.Count < Room)
            _until[isRepeated ? wide : narrow] = now + (isRepeated ? Long : Short);
        if (_history.Count < Room)
            _history[wide] = (before.Count + 1, now);
    }

    public bool IsBanned(TimeSpan now, IPv6Address address) => Holds(now, Origin.EndPointOf(address)) || Holds(now, Origin.AddressOf(address));

    bool Holds(TimeSpan now, Origin origin) => _until.TryGetValue(origin, out var until) && now < until;

    void Forget(TimeSpan now)
    {
        foreach (var (origin, until) in _until)
            if (now >= until)
                _until.Remove(origin);
        foreach (var (origin, (_, last)) in _history)
            if (now - last >= Memory)
                _history.Remove(origin);
    }
}
