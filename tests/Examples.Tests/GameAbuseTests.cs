using System.Buffers.Binary;
using GameServer.Game;

namespace TeredoSdk.Examples.Tests;

/// <summary>The game of examples/GameServer among people who do not play by its rules.</summary>
public sealed class GameAbuseTests
{
    const int KeyAt = 5;

    [Test]
    public void Hello_GetsACookieThatIsNoLarger_AndLeavesNothing()
    {
        var table = new GameTable(1);
        byte[] hello = Hello(1);
        Assert.That(table.Ask(GameTable.Teredo(1), hello).Single(), Has.Length.LessThanOrEqualTo(hello.Length));
        Assert.That(table.Ask(GameTable.Teredo(1), hello.AsSpan(0, hello.Length - 1)), Is.Empty, "a short one");
        Assert.That(table.Server.Players, Is.Empty);
    }

    [Test]
    public void Cookie_ServesOnlyItsPeer_AndOnlyFor10Seconds()
    {
        var table = new GameTable(2);
        var (peer, other) = (GameTable.Teredo(1), GameTable.Teredo(1, 40001));
        byte[] join = Join(table, peer, 1);
        Assert.That(table.Ask(other, join), Is.Empty);
        Assert.That(table.Server[Drop.BadCookie], Is.EqualTo(1));
        table.Run(12);
        Assert.That(table.Ask(peer, join), Is.Empty);
        Assert.That(table.Server[Drop.BadCookie], Is.EqualTo(2));
        Assert.That(table.Ask(peer, Join(table, peer, 1)).Single()[4], Is.EqualTo((byte)Kind.Welcome));
    }

    [Test]
    public void Joins_OfATick_AreAnsweredUpToALimit()
    {
        var table = new GameTable(3);
        int answers = Enumerable.Range(0, 1000).Sum(i => table.Ask(GameTable.Teredo(i), Hello((ulong)i)).Count);
        Assert.That(answers, Is.EqualTo(200));
        Assert.That(table.Server[Drop.Throttled], Is.EqualTo(800));
    }

    [Test]
    public void Place_IsLimitedForEachAddress_AndForAll()
    {
        var table = new GameTable(4, playersPerAddress: 2);
        Assert.That(Enumerable.Range(0, 3).Select(port => Reason(table, GameTable.Teredo(1, 40000 + port))), Is.EqualTo(new Refusal?[] { null, null, Refusal.Full }));
        for (int i = 2; table.Server.Players.Count < Arena.MaxPlayers; i++)
            Assert.That(Reason(table, GameTable.Teredo(i)), Is.Null);
        Assert.That(Reason(table, GameTable.Teredo(200)), Is.EqualTo(Refusal.Full));
        Assert.That(table.Server[Drop.Full], Is.EqualTo(2));
    }

    [Test]
    public void Garbage_NeverThrows_AndBansWhoHasAKey([Range(1, 4)] int seed)
    {
        var table = new GameTable(seed);
        var (player, bystander) = (table.Seat(), table.Seat());
        table.Run(3);
        var session = table.SessionOf(player);
        var random = new Random(seed);
        for (int i = 0; i < 20_000; i++)
        {
            byte[] octets = new byte[random.Next(64)];
            random.NextBytes(octets);
            if (octets.Length > 13 && random.Next(3) > 0)
            {
                BinaryPrimitives.WriteUInt32BigEndian(octets, Wire.Magic);
                octets[4] = (byte)random.Next(12);
            }
            table.Ask(GameTable.Teredo(random.Next(1, 5)), octets);
        }
        Assert.That(table.Server.Players, Does.Contain(session), "nobody is banned for what others forge");
        Assert.That(table.Server[Drop.Garbage], Is.GreaterThan(1000));
        Assert.That(table.Server[Drop.Stranger], Is.GreaterThan(100));

        for (int i = 0; i < 1000 && table.Server.Players.Contains(session); i++)
        {
            byte[] octets = [.. Headed((Kind)random.Next(6, 12), session.Key), .. new byte[random.Next(40)]];
            random.NextBytes(octets.AsSpan(KeyAt + 8));
            octets[4] = octets[4] == (byte)Kind.Bye ? (byte)Kind.Input : octets[4];
            table.Ask(player.Peer, octets);
            table.Run(0.02);
        }
        Assert.That(table.Server.Bans.IsBanned(table.Now, player.Peer.Address), Is.True);
        Assert.That(table.Server[Drop.Malformed], Is.GreaterThan(30));
        table.Run(5);
        Assert.That(player.Client.Refusal, Is.EqualTo(Refusal.Banned), "when it tries again");
        Assert.That(Reason(table, player.Peer), Is.EqualTo(Refusal.Banned));
        Assert.That((bystander.Client.State, bystander.Client.Joins), Is.EqualTo((ClientState.Playing, 1)));
        table.Run(61);
        Assert.That(Reason(table, player.Peer), Is.Null, "a ban ends");
    }

    [Test]
    public void Flood_OfAPlayer_IsDroppedAndBans()
    {
        var table = new GameTable(5);
        var player = table.Seat();
        table.Run(1);
        byte[] input = [.. Headed(Kind.Input, table.SessionOf(player).Key), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0];
        for (int i = 0; i < 200; i++)
            table.Ask(player.Peer, input);
        Assert.That(table.Server[Drop.Flood], Is.EqualTo(31));
        Assert.That(table.Server.Bans.IsBanned(table.Now, player.Peer.Address), Is.True);
    }

    [Test]
    public void Ban_HitsTheEndPointFirst_TheAddressAfterRepeats_AndTheNetworkOfNativePeers()
    {
        var bans = new Bans();
        bans.Ban(TimeSpan.Zero, GameTable.Teredo(1, 40000).Address);
        Assert.That(IsBanned(1, GameTable.Teredo(1, 40000)), Is.True);
        Assert.That(IsBanned(1, GameTable.Teredo(1, 40001)), Is.False, "others behind the same NAT");
        Assert.That(IsBanned(61, GameTable.Teredo(1, 40000)), Is.False, "a minute is over");

        bans.Ban(TimeSpan.FromMinutes(2), GameTable.Teredo(1, 40001).Address);
        bans.Ban(TimeSpan.FromMinutes(3), GameTable.Teredo(1, 40002).Address);
        Assert.That(IsBanned(181, GameTable.Teredo(1, 40003)), Is.True, "repeated, so the whole address");
        Assert.That(IsBanned(181, GameTable.Teredo(2, 40003)), Is.False);
        Assert.That(IsBanned(181 + 600, GameTable.Teredo(1, 40003)), Is.False);

        bans.Ban(TimeSpan.FromHours(2), GameTable.Native(1, 1).Address);
        Assert.That(IsBanned(7201, GameTable.Native(1, 2)), Is.True);
        Assert.That(IsBanned(7201, GameTable.Native(2, 1)), Is.False);

        bool IsBanned(int second, Peer peer) => bans.IsBanned(TimeSpan.FromSeconds(second), peer.Address);
    }

    [Test]
    public void Client_TakesAnything_AndPlaysOn([Range(1, 3)] int seed)
    {
        var table = new GameTable(seed);
        var guest = table.Seat();
        table.Run(2);
        ulong key = table.SessionOf(guest).Key;
        var server = new Peer(TeredoSdk.Protocol.IPv6Address.Parse("2001:0:c000:201::1"), 4243);
        var random = new Random(seed);
        for (int i = 0; i < 5000; i++)
        {
            byte[] octets = [.. Headed((Kind)random.Next(10), random.Next(2) == 0 ? key : 0), .. new byte[random.Next(60)]];
            random.NextBytes(octets.AsSpan(13));
            octets[4] = octets[4] == (byte)Kind.Refused ? (byte)Kind.Snapshot : octets[4];
            if (octets.Length > 17)
                octets[13] = 0; // a tick that is not far ahead of all others
            guest.Client.Receive(table.Now, server, octets, (_, _) => { });
        }
        table.Run(10);
        Assert.That(guest.Client.State, Is.EqualTo(ClientState.Playing));
    }

    [Test]
    public void Server_InPlay_AllocatesNothing()
    {
        var table = new GameTable(6);
        for (int i = 0; i < 16; i++)
            table.Seat();
        table.Run(5);
        var inputs = table.Guests.ConvertAll(guest => (guest.Peer, Datagram: (byte[])[.. Headed(Kind.Input, table.SessionOf(guest).Key), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1]));
        var now = table.Now;
        Send send = (_, _) => { };
        Allocations.AssertNone(() =>
        {
            for (int tick = 0; tick < 30; tick++)
            {
                now += Arena.TickTime;
                foreach (var (peer, datagram) in inputs)
                    table.Server.Receive(now, peer, datagram, send);
                table.Server.Tick(now, send);
            }
        });
        Assert.That(table.Server.Players, Has.Count.EqualTo(16));
    }

    // Why the server does not let a new player in; null when it does.
    static Refusal? Reason(GameTable table, Peer peer)
    {
        byte[] answer = table.Ask(peer, Join(table, peer, 7)).Single();
        table.Run(0.1);
        return answer[4] == (byte)Kind.Refused ? (Refusal)answer[13] : null;
    }

    static byte[] Hello(ulong nonce)
    {
        byte[] hello = new byte[Wire.HelloSize];
        Headed(Kind.Hello, nonce).CopyTo(hello, 0);
        return hello;
    }

    static byte[] Join(GameTable table, Peer peer, ulong nonce)
    {
        byte[] cookie = table.Ask(peer, Hello(nonce)).Single();
        return [.. Headed(Kind.Join, nonce), .. cookie.AsSpan(KeyAt + 8), .. new byte[8], .. "mallory"u8];
    }

    static byte[] Headed(Kind kind, ulong key) => new Writer(new byte[64], kind, key).Written.ToArray();
}
