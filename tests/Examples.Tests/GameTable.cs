using GameServer.Game;
using TeredoSdk.Protocol;

namespace TeredoSdk.Examples.Tests;

/// <summary>The game of examples/GameServer among a server and players with a network in virtual time between them. The same seed is the same game.</summary>
sealed class GameTable
{
    static readonly Peer ServerPeer = new(IPv6Address.Parse("2001:0:c000:201::1"), 4243);

    readonly PriorityQueue<Action, (TimeSpan, long)> _events = new();
    readonly Random _random;
    long _order;

    public GameTable(int seed, int playersPerAddress = Arena.MaxPlayers)
    {
        _random = new(seed);
        Server = new(_random.NextBytes) { PlayersPerAddress = playersPerAddress };
        At(TimeSpan.Zero, TickServer);
    }

    public Server Server { get; }

    public TimeSpan Now { get; private set; }

    public List<Guest> Guests { get; } = [];

    public TimeSpan Delay { get; set; } = TimeSpan.FromMilliseconds(40);

    /// <summary>Each datagram takes up to that much longer, so they overtake each other.</summary>
    public TimeSpan Jitter { get; set; }

    public double Loss { get; set; }

    /// <summary>The longest datagram that the server sent.</summary>
    public int Longest { get; private set; }

    public static Peer Teredo(int address, int port = 40000) =>
        new(new TeredoAddress(IPv4Address.Parse("192.0.2.1"), TeredoFlags.None, new(new(0xC633_6400 + (uint)address), (ushort)port)), 5000);

    public static Peer Native(ulong network, ulong host) => new(new(0x2A00_0000_0000_0000 | network, host), 5000);

    /// <summary>A player at an address of its own, a bot's mind at the keys.</summary>
    public Guest Seat(Peer? at = null)
    {
        var bot = new Bot(new(Guests.Count));
        var guest = new Guest { Peer = at ?? Teredo(Guests.Count + 1), Client = new($"p{Guests.Count + 1}", ServerPeer, _random.NextBytes), Decide = bot.Decide };
        Guests.Add(guest);
        At(Now + TimeSpan.FromMilliseconds(_random.Next(33)), () => Tick(guest));
        return guest;
    }

    public void Run(double seconds)
    {
        var end = Now + TimeSpan.FromSeconds(seconds);
        while (_events.TryPeek(out _, out var due) && due.Item1 <= end)
        {
            Now = due.Item1;
            _events.Dequeue()();
        }
        Now = end;
    }

    /// <summary>Hands a datagram to the server at once, and collects the answers.</summary>
    public List<byte[]> Ask(Peer from, ReadOnlySpan<byte> datagram)
    {
        var answers = new List<byte[]>();
        Server.Receive(Now, from, datagram, (_, answer) => answers.Add(answer.ToArray()));
        return answers;
    }

    public Session SessionOf(Guest guest) => Server.Players.Single(player => player.Peer == guest.Peer);

    void At(TimeSpan time, Action action) => _events.Enqueue(action, (time, _order++));

    void TickServer()
    {
        Server.Tick(Now, ToGuest);
        At(Now + Arena.TickTime, TickServer);
    }

    void Tick(Guest guest)
    {
        guest.Client.Tick(Now, guest.Decide(guest.Client), (_, datagram) => ToServer(guest, datagram));
        guest.Ticks++;
        if (guest.Client.State != ClientState.Playing || guest.Client.Age(Now) > TimeSpan.FromMilliseconds(250))
            guest.BlindTicks++;
        if (!guest.HasLeft)
            At(Now + Arena.TickTime, () => Tick(guest));
    }

    void ToServer(Guest guest, ReadOnlySpan<byte> datagram)
    {
        var (from, octets) = (guest.Peer, datagram.ToArray());
        Carry(() => Server.Receive(Now, from, octets, ToGuest));
    }

    void ToGuest(Peer to, ReadOnlySpan<byte> datagram)
    {
        Longest = Math.Max(Longest, datagram.Length);
        byte[] octets = datagram.ToArray();
        Carry(() =>
        {
            if (Guests.Find(guest => guest.Peer == to && !guest.HasLeft) is { } guest)
                guest.Client.Receive(Now, ServerPeer, octets, (_, answer) => ToServer(guest, answer));
        });
    }

    void Carry(Action deliver)
    {
        if (_random.NextDouble() >= Loss)
            At(Now + Delay + (Jitter * _random.NextDouble()), deliver);
    }
}

/// <summary>A player at the table.</summary>
sealed class Guest
{
    /// <summary>Where it is; it may move on.</summary>
    public required Peer Peer { get; set; }

    public required Client Client { get; init; }
    public required Func<Client, Keys> Decide { get; set; }
    public bool HasLeft { get; set; }
    public int Ticks { get; set; }

    /// <summary>Ticks in which it was not in the game, or had heard nothing for 250 ms.</summary>
    public int BlindTicks { get; set; }
}
