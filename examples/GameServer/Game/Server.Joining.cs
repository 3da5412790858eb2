namespace GameServer.Game;

/// <summary>How a stranger becomes a player.</summary>
sealed partial class Server
{
    // Nothing is kept of who asks until its cookie has come back.
    void Greet(TimeSpan now, Peer from, Kind kind, ulong nonce, int length, ref Reader reader, Send send)
    {
        if (kind == Kind.Hello && length != Wire.HelloSize)
        {
            Count(Drop.Garbage);
            return;
        }
        if (++_joins > JoinsPerTick)
        {
            Count(Drop.Throttled);
            return;
        }
        if (kind == Kind.Hello)
        {
            Span<byte> cookie = stackalloc byte[Cookies.Size];
            _cookies.Write(cookie, now, from, nonce);
            var writer = new Writer(_buffer, Kind.Cookie, nonce);
            writer.Octets(cookie);
            send(from, writer.Written);
        }
        else if (_cookies.IsValid(reader.Take(Cookies.Size), now, from, nonce))
        {
            ulong resumed = reader.UInt64();
            Join(now, from, nonce, resumed, Wire.CleanName(reader.Take(reader.Rest)), send);
        }
        else
        {
            Count(Drop.BadCookie);
        }
    }

    void Join(TimeSpan now, Peer from, ulong nonce, ulong resumed, string name, Send send)
    {
        if (Bans.IsBanned(now, from.Address))
        {
            Count(Drop.Banned);
            Refuse(from, nonce, Refusal.Banned, send);
            return;
        }
        var player = _sessions.Values.FirstOrDefault(other => other.Key == resumed) ?? _sessions.GetValueOrDefault(from);
        if (player is not null)
        {
            if (_sessions.Remove(from, out var other) && other != player)
                Remove(other);
            _sessions.Remove(player.Peer);
            player.Resume(now, from);
        }
        else if (Place(from) is not 0 and var id)
        {
            player = new(from, NewKey(), (byte)id, name, now);
            World.Enter(id);
        }
        else
        {
            Count(Drop.Full);
            Refuse(from, nonce, Refusal.Full, send);
            return;
        }
        _sessions[from] = _players[player.Id] = player;
        var writer = new Writer(_buffer, Kind.Welcome, nonce);
        writer.UInt64(player.Key);
        writer.Byte(player.Id);
        send(from, writer.Written);
    }

    // The number of a new player, 0 when there is none.
    int Place(Peer from)
    {
        var origin = Origin.AddressOf(from.Address);
        return _sessions.Keys.Count(other => Origin.AddressOf(other.Address) == origin) >= PlayersPerAddress ? 0
            : Array.IndexOf(_players, null, 1) is var place and > 0 ? place : 0;
    }
}
