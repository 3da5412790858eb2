using System.Buffers.Binary;
using System.Text;

namespace GameServer.Game;

enum ClientState
{
    Joining,
    Playing,
    Refused,
}

/// <summary>
/// The game's client: datagrams and ticks in, datagrams out. It moves its own player at once, as the server will (prediction), and when the server's word
/// comes, it starts from there and repeats the inputs that the server had not seen (reconciliation). Not for several threads.
/// </summary>
sealed class Client(string name, Peer server, Fill fill)
{
    const int KeptInputs = 256;
    static readonly TimeSpan Retry = TimeSpan.FromMilliseconds(500), CookieAge = TimeSpan.FromSeconds(5), Silence = TimeSpan.FromSeconds(3);

    readonly byte[] _buffer = new byte[Wire.MaxDatagram];
    readonly byte[] _cookie = new byte[Cookies.Size];
    readonly Keys[] _inputs = new Keys[KeptInputs];
    readonly Views _views = new();
    readonly string?[] _names = new string?[Arena.MaxPlayers + 1];
    ulong _nonce, _key;
    TimeSpan? _cookieCame;
    TimeSpan _asked = TimeSpan.MinValue, _heard;
    uint _received, _sent, _used;

    /// <summary>Where the server is. It may move on: who gave it a name says where to.</summary>
    public Peer Server { get; set; } = server;

    public ClientState State { get; private set; }
    public Refusal Refusal { get; private set; }

    /// <summary>The number of our player, 0 before the first welcome.</summary>
    public int Id { get; private set; }

    /// <summary>What the server said last.</summary>
    public View View { get; private set; } = new();

    /// <summary>Our player, as the server will see it when it has all inputs.</summary>
    public Thing Me { get; private set; }

    /// <summary>How often the server's word differed from what was predicted.</summary>
    public int Corrections { get; private set; }

    /// <summary>How often the game began, or began again after silence.</summary>
    public int Joins { get; private set; }

    /// <summary>How old the server's last word is.</summary>
    public TimeSpan Age(TimeSpan now) => now - _heard;

    public string NameOf(int player) => _names[player] ?? "?";

    public void Tick(TimeSpan now, Keys keys, Send send)
    {
        if (State == ClientState.Playing && Age(now) > Silence)
            (State, _cookieCame) = (ClientState.Joining, null); // the server, its NAT or ours began anew; we keep our key and go on
        if (State == ClientState.Joining && (_asked == TimeSpan.MinValue || now - _asked >= Retry))
            Ask(now, send);
        if (State != ClientState.Playing || View.Tick == 0)
            return;
        _inputs[++_sent % KeptInputs] = keys;
        Me = Arena.Move(Me, keys);
        SendInputs(now, send);
    }

    public void Receive(TimeSpan now, Peer from, ReadOnlySpan<byte> datagram, Send send)
    {
        var reader = new Reader(datagram);
        uint magic = reader.UInt32();
        var kind = (Kind)reader.Byte();
        ulong key = reader.UInt64();
        if (reader.HasFailed || magic != Wire.Magic || from != Server || State == ClientState.Refused)
            return;
        if (State == ClientState.Playing && key == _key && kind == Kind.Snapshot)
            TakeSnapshot(now, ref reader);
        else if (State == ClientState.Joining && key == _nonce && kind == Kind.Cookie && reader.Take(Cookies.Size) is { Length: Cookies.Size } cookie)
        {
            cookie.CopyTo(_cookie);
            _cookieCame = now;
            Ask(now, send);
        }
        else if (State == ClientState.Joining && key == _nonce && kind == Kind.Welcome)
            Begin(now, ref reader);
        else if (kind == Kind.Refused && key == (State == ClientState.Joining ? _nonce : _key))
            (State, Refusal) = (ClientState.Refused, (Refusal)reader.Byte());
    }

    public void Leave(Send send)
    {
        if (State == ClientState.Playing)
            send(Server, new Writer(_buffer, Kind.Bye, _key).Written);
    }

    void Ask(TimeSpan now, Send send)
    {
        _asked = now;
        if (_cookieCame is { } came && now - came < CookieAge)
        {
            var join = new Writer(_buffer, Kind.Join, _nonce);
            join.Octets(_cookie);
            join.UInt64(_key);
            join.Octets(Encoding.ASCII.GetBytes(Wire.CleanName(Encoding.UTF8.GetBytes(name))));
            send(Server, join.Written);
            return;
        }
        Span<byte> nonce = stackalloc byte[sizeof(ulong)];
        fill(nonce);
        (_nonce, _cookieCame) = (BinaryPrimitives.ReadUInt64BigEndian(nonce), null);
        var hello = new Writer(_buffer, Kind.Hello, _nonce);
        Span<byte> padding = stackalloc byte[Wire.HelloSize - hello.Written.Length];
        padding.Clear();
        hello.Octets(padding);
        send(Server, hello.Written);
    }

    void Begin(TimeSpan now, ref Reader reader)
    {
        ulong key = reader.UInt64();
        int id = reader.Byte();
        if (reader.HasFailed || id is 0 or > Arena.MaxPlayers)
            return;
        (_key, Id, State, _heard, _received) = (key, id, ClientState.Playing, now, 0);
        Joins++;
        _views.Clear();
        View = new();
    }

    void TakeSnapshot(TimeSpan now, ref Reader reader)
    {
        uint tick = reader.UInt32(), baseline = reader.UInt32(), used = reader.UInt32();
        int named = reader.Byte();
        var name = reader.Take(reader.Byte());
        if (tick < View.Tick && View.Tick - tick <= 32)
            _received |= 1u << (int)(View.Tick - tick - 1); // overtaken, but not lost
        if (reader.HasFailed || tick <= View.Tick || named is 0 or > Arena.MaxPlayers)
            return;
        var view = _views.Open(tick);
        if (_views.Find(baseline) is not { } before || !Delta.TryRead(ref reader, before, view) || !view[Id].IsThere)
        {
            view.Clear(); // not acknowledged, so the server will come back to what we have
            return;
        }
        _names[named] = Wire.CleanName(name);
        uint step = View.Tick == 0 ? 32 : tick - View.Tick;
        _received = (step >= 32 ? 0 : _received << (int)step) | (step <= 32 && View.Tick != 0 ? 1u << (int)(step - 1) : 0);
        bool isFirst = View.Tick == 0;
        (View, _heard, _used) = (view, now, used);
        Reconcile(isFirst);
    }

    void Reconcile(bool isFirst)
    {
        var me = View[Id];
        if (isFirst || _sent - _used > KeptInputs)
        {
            (Me, _used) = (me, _sent);
            return;
        }
        for (uint input = _used + 1; input <= _sent; input++)
            me = Arena.Move(me, _inputs[input % KeptInputs]);
        if ((me.X, me.Y) != (Me.X, Me.Y))
            Corrections++;
        Me = me;
    }

    void SendInputs(TimeSpan now, Send send)
    {
        uint first = Math.Max(_used + 1, _sent >= Wire.MaxInputs ? _sent - Wire.MaxInputs + 1 : 1);
        var writer = new Writer(_buffer, Kind.Input, _key);
        writer.UInt32(View.Tick);
        writer.Byte((byte)Math.Min(Age(now).TotalMilliseconds, byte.MaxValue));
        writer.UInt32(_received);
        writer.UInt32(first);
        for (uint input = first; input <= _sent; input++)
            writer.Byte((byte)_inputs[input % KeptInputs]);
        send(Server, writer.Written);
    }
}
