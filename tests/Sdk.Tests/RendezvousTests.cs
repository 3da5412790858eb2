using System.Net;
using System.Security.Cryptography;

namespace TeredoSdk.Tests;

/// <summary>Signed records, and the rendezvous in memory: who owns a name, and for how long.</summary>
public sealed class RendezvousTests
{
    static readonly IPEndPoint Here = IPEndPoint.Parse("[2001:0:2d2d:2d01::1]:4242"), There = IPEndPoint.Parse("[2001:db8::1]:4242");
    static readonly IPAddress Home = IPAddress.Parse("192.0.2.1");
    static readonly string Tls = new('a', 64);

    readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256), _other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    ManualTime _time = new();

    [SetUp]
    public void Begin() => _time = new();

    [OneTimeTearDown]
    public void End()
    {
        _key.Dispose();
        _other.Dispose();
    }

    [Test]
    public void Record_IsReadAsItWasSigned()
    {
        var record = RendezvousRecord.Sign(_key, "alice", [Here, There], _time.GetUtcNow().AddMinutes(3), 7, Tls);
        Assert.That(RendezvousRecord.TryRead(record.ToArray(), out var read), Is.True);
        Assert.Multiple(() =>
        {
            Assert.That(read!.Name, Is.EqualTo("alice"));
            Assert.That(read.EndPoints, Is.EqualTo(new[] { Here, There }));
            Assert.That(read.Expires, Is.EqualTo(_time.GetUtcNow().AddMinutes(3)));
            Assert.That(read.Sequence, Is.EqualTo(7));
            Assert.That(read.TlsFingerprint, Is.EqualTo(Tls));
            Assert.That(read.KeyFingerprint, Is.EqualTo(record.KeyFingerprint).And.Not.EqualTo(Record(_other).KeyFingerprint));
        });
    }

    [Test]
    public void Record_WithAnyOctetChanged_OrCut_IsNone()
    {
        byte[] octets = Record(_key).ToArray();
        for (int i = 0; i < octets.Length; i++)
        {
            octets[i] ^= 1;
            Assert.That(RendezvousRecord.TryRead(octets, out _), Is.False, $"octet {i}");
            octets[i] ^= 1;
            Assert.That(RendezvousRecord.TryRead(octets.AsSpan(0, i), out _), Is.False, $"{i} octets");
        }
        Assert.That(RendezvousRecord.TryRead([.. octets, 0], out _), Is.False);
        Assert.That(RendezvousRecord.TryRead(octets, out _), Is.True);
    }

    [Test]
    public void Record_LargestOfAll_HasMaxOctets()
    {
        var record = RendezvousRecord.Sign(_key, new('n', RendezvousRecord.MaxNameLength), Enumerable.Repeat(Here, RendezvousRecord.MaxEndPoints),
            DateTimeOffset.MaxValue, long.MaxValue, Tls);
        Assert.That(record.ToArray(), Has.Length.EqualTo(RendezvousRecord.MaxOctets));
    }

    [Test]
    public void Sign_OfWhatIsWrong_SaysWhat()
    {
        using var large = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        var expires = _time.GetUtcNow();
        Assert.That(() => RendezvousRecord.Sign(large, "alice", [Here], expires, 0), Throws.ArgumentException.With.Message.Contains("P-256"));
        Assert.That(() => RendezvousRecord.Sign(_key, "Alice!", [Here], expires, 0), Throws.ArgumentException.With.Message.Contains("'Alice!' is not a name"));
        Assert.That(() => RendezvousRecord.Sign(_key, "alice", [], expires, 0), Throws.ArgumentException.With.Message.Contains("1 to 8 IPv6"));
        Assert.That(() => RendezvousRecord.Sign(_key, "alice", [new(IPAddress.Loopback, 1)], expires, 0), Throws.ArgumentException);
        Assert.That(() => RendezvousRecord.Sign(_key, "alice", [Here], expires, 0, "beef"), Throws.ArgumentException.With.Message.Contains("'beef'"));
        Assert.That(() => RendezvousRecord.Sign(_key, "alice", [Here], expires, -1), Throws.InstanceOf<ArgumentOutOfRangeException>());
    }

    [Test]
    public async Task Name_BelongsToItsKey_UntilTheRecordHasExpiredAndTheGraceIsOver()
    {
        var rendezvous = new MemoryRendezvous(new() { Grace = TimeSpan.FromHours(1) }, _time);
        Assert.That(await rendezvous.PublishAsync(Record(_key, minutes: 3)), Is.EqualTo(RendezvousStatus.Accepted));
        Assert.That((await rendezvous.FindAsync("alice"))?.EndPoints, Is.EqualTo(new[] { Here }));
        Assert.That(await rendezvous.PublishAsync(Record(_other, sequence: 99)), Is.EqualTo(RendezvousStatus.NameTaken));

        _time.Advance(TimeSpan.FromMinutes(4));
        Assert.That(await rendezvous.FindAsync("alice"), Is.Null, "expired");
        Assert.That(await rendezvous.PublishAsync(Record(_other, sequence: 99)), Is.EqualTo(RendezvousStatus.NameTaken), "the grace");
        _time.Advance(TimeSpan.FromHours(1));
        Assert.That(await rendezvous.PublishAsync(Record(_other)), Is.EqualTo(RendezvousStatus.Accepted));
    }

    [Test]
    public async Task Record_ThatIsReplayed_OrOld_OrForTooLong_IsRefused()
    {
        var rendezvous = new MemoryRendezvous(null, _time);
        var (first, second) = (Record(_key, sequence: 1), Record(_key, sequence: 2));
        Assert.That(await rendezvous.PublishAsync(second), Is.EqualTo(RendezvousStatus.Accepted));
        Assert.That(await rendezvous.PublishAsync(first), Is.EqualTo(RendezvousStatus.Stale));
        Assert.That(await rendezvous.PublishAsync(second), Is.EqualTo(RendezvousStatus.Stale));
        Assert.That(await rendezvous.PublishAsync(Record(_key, minutes: 61, sequence: 3)), Is.EqualTo(RendezvousStatus.LifetimeTooLong));
        Assert.That(await rendezvous.PublishAsync(Record(_key, minutes: 0, sequence: 3)), Is.EqualTo(RendezvousStatus.Expired));
    }

    [Test]
    public async Task Source_HasALimitOfNames_AndOfRecords_AndAllOfRoom()
    {
        var rendezvous = new MemoryRendezvous(new() { NamesPerSource = 2, PublishesPerMinute = 4, MaxNames = 3 }, _time);
        Assert.That(await PublishAsync("a", Home), Is.EqualTo(RendezvousStatus.Accepted));
        Assert.That(await PublishAsync("b", Home.MapToIPv6()), Is.EqualTo(RendezvousStatus.Accepted));
        Assert.That(await PublishAsync("c", Home), Is.EqualTo(RendezvousStatus.TooManyNames));
        Assert.That(await PublishAsync("c", IPAddress.Parse("2001:db8:0:1::1")), Is.EqualTo(RendezvousStatus.Accepted));
        Assert.That(await PublishAsync("d", IPAddress.Parse("2001:db8:0:2::1")), Is.EqualTo(RendezvousStatus.Full));
        await PublishAsync("a", Home);
        Assert.That(await PublishAsync("a", Home), Is.EqualTo(RendezvousStatus.TooOften));
        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.That(await PublishAsync("a", Home), Is.EqualTo(RendezvousStatus.Stale));

        Task<RendezvousStatus> PublishAsync(string name, IPAddress source) => rendezvous.PublishAsync(Record(_key, name), source);
    }

    [Test]
    public async Task Pin_OfAnotherKey_IsRefused()
    {
        var rendezvous = new MemoryRendezvous(null, _time);
        await rendezvous.PublishAsync(Record(_key));
        string pin = Record(_key).KeyFingerprint;
        Assert.That(await rendezvous.FindPinnedAsync("alice", pin.ToUpperInvariant()), Is.Not.Null);
        Assert.That(await rendezvous.FindPinnedAsync("bob", pin), Is.Null);
        Assert.That(() => rendezvous.FindPinnedAsync("alice", Tls), Throws.InstanceOf<InvalidDataException>().With.Message.Contains("not the host that you know"));
        Assert.That(() => rendezvous.FindAsync("Alice"), Throws.ArgumentException);
    }

    [Test]
    public async Task Publication_FollowsTheAddress_AndStaysUp()
    {
        var rendezvous = new MemoryRendezvous(null, _time);
        IPEndPoint? now = null;
        await using var publication = new RendezvousPublication(rendezvous, _key, "alice", () => now, timeProvider: _time);
        Assert.That(await rendezvous.FindAsync("alice"), Is.Null, "no address yet");
        foreach (var next in (IPEndPoint[])[Here, There, Here])
        {
            now = next;
            await SeeAsync(record => record?.EndPoints[0].Equals(next) == true);
        }
        for (int minute = 0; minute < 10; minute++)
        {
            _time.Advance(TimeSpan.FromMinutes(1));
            await SeeAsync(record => record is not null);
        }
        Assert.That(publication.Status, Is.EqualTo(RendezvousStatus.Accepted));

        // What a tick causes may run on the pool.
        async Task SeeAsync(Func<RendezvousRecord?, bool> isSeen)
        {
            for (var until = DateTime.UtcNow + Patience.Limit; !isSeen(await rendezvous.FindAsync("alice")); await Task.Delay(1))
            {
                Assert.That(DateTime.UtcNow, Is.LessThan(until));
                _time.Advance(TimeSpan.FromSeconds(1));
            }
        }
    }

    RendezvousRecord Record(ECDsa key, string name = "alice", double minutes = 3, long sequence = 1) =>
        RendezvousRecord.Sign(key, name, [Here], _time.GetUtcNow().AddMinutes(minutes), sequence);
}
