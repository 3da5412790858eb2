using System.Buffers.Binary;

namespace GameServer.Game;

/// <summary>
/// The game server: datagrams and ticks in, datagrams out. It has no socket, no clock and no thread, so tests run hours of it in seconds. It never
/// throws on what comes from the network. Not for several threads.
/// </summary>
sealed partial class Server
{
    const int JoinsPerTick = 200, MaxStrikes = 30;
    static readonly TimeSpan Silence = TimeSpan.FromSeconds(10);

    readonly Fill _fill;
    readonly Cookies _cookies;
    readonly Dictionary<Peer, Session> _sessions = [];
    readonly Session?[] _players = new Session?[Arena.MaxPlayers + 1];
    readonly long[] _drops = new long[Enum.GetValues<Drop>().Length];
    readonly byte[] _buffer = new byte[Wire.MaxDatagram];
    uint _tick;
    int _joins, _named;

    public Server(Fill fill)
    {
        (_fill, _cookies) = (fill, new(fill));
        World = new(new((int)NewKey()));
    }

    public World World { get; }

    public Bans Bans { get; } = new();

    public IReadOnlyCollection<Session> Players => _sessions.Values;

    /// <summary>How many players one IPv4 address, or one native network, may have.</summary>
    public int PlayersPerAddress { get; init; } = 16;

    public long this[Drop reason] => _drops[(int)reason];

    public void Receive(TimeSpan now, Peer from, ReadOnlySpan<byte> datagram, Send send)
    {
        var reader = new Reader(datagram);
        uint magic = reader.UInt32();
        var kind = (Kind)reader.Byte();
        ulong key = reader.UInt64();
        if (reader.HasFailed || magic != Wire.Magic)
            Count(Drop.Garbage);
        else if (kind is Kind.Hello or Kind.Join)
            Greet(now, from, kind, key, datagram.Length, ref reader, send);
        else if (!_sessions.TryGetValue(from, out var player) || player.Key != key)
            Count(Drop.Stranger);
        else if (!player.Allows(now))
            Strike(now, player, Drop.Flood, send);
        else if (kind == Kind.Bye)
            Remove(player);
        else if (kind != Kind.Input || !player.TakeInput(now, _tick, ref reader))
            Strike(now, player, Drop.Malformed, send);
    }

    /// <summary>Moves the world on by one tick, and tells each player what it sees.</summary>
    public void Tick(TimeSpan now, Send send)
    {
        (_tick, _joins) = (_tick + 1, 0);
        Span<Keys> due = stackalloc Keys[2];
        foreach (var player in _players)
        {
            if (player is null)
                continue;
            if (now - player.LastHeard > Silence)
            {
                Remove(player);
                continue;
            }
            foreach (var keys in due[..player.Inputs.Take(due)])
                World.Move(player.Id, keys);
        }
        if (NextNamed() is not { } named)
            return;
        foreach (var player in _players)
        {
            if (player is null)
                continue;
            var writer = new Writer(_buffer, Kind.Snapshot, player.Key);
            player.WriteView(ref writer, now, _tick, World, named);
            send(player.Peer, writer.Written);
        }
    }

    /// <summary>Removes a player, and says why. Only <see cref="Refusal.Banned"/> keeps it out for a while.</summary>
    public void Kick(TimeSpan now, Session player, Refusal reason, Send send)
    {
        if (reason == Refusal.Banned)
            Bans.Ban(now, player.Peer.Address);
        Refuse(player.Peer, player.Key, reason, send);
        Remove(player);
    }

    // Only a player that has its key gets strikes: nobody else can get it banned.
    void Strike(TimeSpan now, Session player, Drop reason, Send send)
    {
        Count(reason);
        if (++player.Strikes > MaxStrikes)
            Kick(now, player, Refusal.Banned, send);
    }

    void Refuse(Peer to, ulong key, Refusal reason, Send send)
    {
        var writer = new Writer(_buffer, Kind.Refused, key);
        writer.Byte((byte)reason);
        send(to, writer.Written);
    }

    void Remove(Session player)
    {
        _sessions.Remove(player.Peer);
        _players[player.Id] = null;
        World.Leave(player.Id);
    }

    Session? NextNamed()
    {
        for (int i = 0; i < Arena.MaxPlayers; i++)
        {
            _named = (_named % Arena.MaxPlayers) + 1;
            if (_players[_named] is { } player)
                return player;
        }
        return null;
    }

    ulong NewKey()
    {
        Span<byte> key = stackalloc byte[sizeof(ulong)];
        _fill(key);
        return BinaryPrimitives.ReadUInt64BigEndian(key);
    }

    void Count(Drop reason) => _drops[(int)reason]++;
}
