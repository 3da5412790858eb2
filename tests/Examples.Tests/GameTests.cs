using GameServer.Game;

namespace TeredoSdk.Examples.Tests;

/// <summary>The game of examples/GameServer in virtual time: what players see, whatever the network does.</summary>
public sealed class GameTests
{
    [Test]
    public void Prediction_EqualsTheServersAnswer()
    {
        var table = new GameTable(1);
        var guests = Seat(table, 4);
        table.Run(120);
        Assert.Multiple(() =>
        {
            Assert.That(guests.Select(guest => guest.Client.Corrections), Is.All.Zero);
            Assert.That(guests.Select(guest => (int)guest.Client.Me.Score), Is.All.GreaterThan(10));
            Assert.That(guests.Select(guest => guest.Client.Joins), Is.All.EqualTo(1));
        });
        foreach (var guest in guests)
            guest.Decide = _ => Keys.None;
        table.Run(1);
        foreach (var guest in guests)
            Assert.That(guest.Client.Me, Is.EqualTo(table.Server.World[guest.Client.Id]), "at rest both are at one place");
    }

    // README.md, "Playable".
    [TestCase(1)]
    [TestCase(2)]
    public void With5PercentLossAnd80MillisecondsOfJitter_ItIsPlayable(int seed)
    {
        var table = new GameTable(seed) { Loss = 0.05, Jitter = TimeSpan.FromMilliseconds(80) };
        var guests = Seat(table, 8);
        table.Run(10);
        foreach (var guest in guests)
            (guest.Ticks, guest.BlindTicks) = (0, 0);
        var before = guests.ConvertAll(guest => (guest.Client.Corrections, table.SessionOf(guest).Inputs.Used));
        table.Run(120);
        Assert.Multiple(() =>
        {
            for (int i = 0; i < guests.Count; i++)
            {
                var (guest, session) = (guests[i], table.SessionOf(guests[i]));
                Assert.That(guest.Client.Joins, Is.EqualTo(1), "nobody is thrown out");
                Assert.That(guest.BlindTicks, Is.LessThan(guest.Ticks / 100), "nobody is blind");
                Assert.That(guest.Client.Corrections - before[i].Corrections, Is.LessThan(guest.Ticks / 100), "nobody is pulled about");
                Assert.That(session.Inputs.Used - before[i].Used, Is.GreaterThan(guest.Ticks * 99 / 100), "every key counts");
                Assert.That(session.Loss, Is.InRange(0.01, 0.15));
                Assert.That(session.RoundTrip.TotalMilliseconds, Is.InRange(80, 260));
            }
        });
    }

    [Test]
    public void SixtyFourPlayers_FitIntoDatagrams_AndSeeWhatIsNear()
    {
        var table = new GameTable(3) { Loss = 0.1 };
        var guests = Seat(table, Arena.MaxPlayers);
        table.Run(12);
        Assert.That(table.Server.Players, Has.Count.EqualTo(Arena.MaxPlayers));
        Assert.That(table.Longest, Is.GreaterThan(300).And.LessThanOrEqualTo(TeredoDatagramSocket.MaxDatagramOctets));
        foreach (var client in guests.Select(guest => guest.Client))
        {
            var seen = Enumerable.Range(1, Arena.LastThing).Where(id => client.View[id].IsThere).ToList();
            Assert.That(seen, Has.Count.InRange(2, Arena.MaxVisible));
            Assert.That(seen.Select(id => client.View[id].DistanceTo(client.View[client.Id])), Is.All.LessThanOrEqualTo(Arena.Sight));
            Assert.That(client.NameOf(guests[0].Client.Id), Is.EqualTo("p1"));
        }
    }

    [Test]
    public void Baseline_ThatIsForgotten_IsReplacedByAWholeView()
    {
        var table = new GameTable(4);
        var guest = Seat(table, 2)[0];
        table.Run(5);
        table.Loss = 1;
        table.Run(2.5); // longer than views are kept, shorter than the client's patience
        table.Loss = 0;
        guest.Decide = _ => Keys.None;
        table.Guests[1].Decide = _ => Keys.None;
        table.Run(1);
        Assert.That(guest.Client.Joins, Is.EqualTo(1));
        Assert.That(guest.Client.View[guest.Client.Id], Is.EqualTo(table.Server.World[guest.Client.Id]));
        Assert.That(guest.Client.Age(table.Now), Is.LessThan(TimeSpan.FromMilliseconds(250)));
    }

    [Test]
    public void Address_ThatChanges_ComesBackWithItsScore()
    {
        var table = new GameTable(5);
        var guest = Seat(table, 2)[0];
        table.Run(20);
        int score = guest.Client.Me.Score;
        guest.Peer = GameTable.Teredo(77, 50000);
        table.Run(5);
        Assert.That(guest.Client.State, Is.EqualTo(ClientState.Playing));
        Assert.That(guest.Client.Joins, Is.EqualTo(2));
        Assert.That(guest.Client.Me.Score, Is.GreaterThanOrEqualTo(score).And.Positive);
        Assert.That(table.Server.Players, Has.Count.EqualTo(2), "its old place is its new one");
    }

    [Test]
    public void Silence_FreesThePlace()
    {
        var table = new GameTable(6);
        var guest = Seat(table, 1)[0];
        table.Run(2);
        guest.HasLeft = true;
        table.Run(11);
        Assert.That(table.Server.Players, Is.Empty);
        Assert.That(table.Server.World[guest.Client.Id].IsThere, Is.False);
    }

    [Test]
    public void MoreInputs_MoveNobodyFaster()
    {
        var (honest, hasty) = (new Inputs(), new Inputs());
        int moved = 0, movedHastily = 0;
        var due = new Keys[2];
        for (uint tick = 1; tick <= 3000; tick++)
        {
            honest.Add(tick, [(byte)Keys.Up]);
            hasty.Add((tick * 2) - 1, [(byte)Keys.Up, (byte)Keys.Up]);
            moved += honest.Take(due);
            movedHastily += hasty.Take(due);
        }
        Assert.That(moved, Is.EqualTo(3000));
        Assert.That(movedHastily, Is.LessThan(3000 * 1.035), "2 %, and a second's credit");
    }

    [Test]
    public void Delta_OfAnyViews_IsReadAsItWasWritten([Range(1, 5)] int seed)
    {
        var random = new Random(seed);
        byte[] buffer = new byte[Wire.MaxDatagram];
        for (int round = 0; round < 300; round++)
        {
            var (before, after, read) = (AnyView(random, null), new View(), new View());
            after.CopyFrom(AnyView(random, before));
            byte[] visible = [.. Enumerable.Range(1, Arena.LastThing).Where(id => after[id].IsThere).Select(id => (byte)id)];
            random.Shuffle(visible);
            var writer = new Writer(buffer.AsSpan(0, random.Next(20, Wire.MaxDatagram)), Kind.Snapshot, 0);
            int head = writer.Written.Length;
            Delta.Write(ref writer, before, after, visible);
            var reader = new Reader(writer.Written[head..]);
            Assert.That(Delta.TryRead(ref reader, before, read), Is.True);
            for (int id = 1; id <= Arena.LastThing; id++)
                Assert.That(read[id], Is.EqualTo(after[id]));
        }
    }

    static View AnyView(Random random, View? other)
    {
        var view = new View();
        for (int id = 1; id <= Arena.LastThing; id++)
        {
            view[id] = random.Next(4) switch
            {
                0 => default,
                1 when other is not null => other[id],
                2 when other is not null && other[id].IsThere => other[id] with { X = (short)Math.Clamp(other[id].X + random.Next(-9, 9), 1, Arena.Size - 1), Score = (ushort)random.Next(65536) },
                _ => new((short)random.Next(1, Arena.Size), (short)random.Next(1, Arena.Size), (ushort)random.Next(65536), (Keys)random.Next(16)),
            };
        }
        return view;
    }

    static List<Guest> Seat(GameTable table, int count) => [.. Enumerable.Range(0, count).Select(_ => table.Seat())];
}
