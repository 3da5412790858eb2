using System.Security.Cryptography;
using TeredoSdk.Protocol.Tcp;

namespace TeredoSdk.Protocol.Tests.Tcp;

/// <summary>Octets arrive as they were sent, whatever the path does; and both ends come to rest.</summary>
public sealed class TransferTests
{
    static readonly TimeSpan Bound = TimeSpan.FromMinutes(10);

    [Test]
    public void Handshake_ConnectsBoth()
    {
        var pair = new TcpPair().Connect();
        Assert.That(pair.A.Changes & TcpChanges.Connected, Is.Not.EqualTo(TcpChanges.None));
        Assert.That(pair.B.Changes & TcpChanges.Connected, Is.Not.EqualTo(TcpChanges.None));
    }

    [TestCase(1), TestCase(1220), TestCase(100_000), TestCase(3_000_000)]
    public void LosslessPath_CarriesBothWays(int length) => Transfer(new TcpPair(), length, length / 2);

    [TestCase(0.001), TestCase(0.01), TestCase(0.05), TestCase(0.1)]
    public void Loss_IsRepaired(double loss)
    {
        for (int seed = 1; seed <= 5; seed++)
            Transfer(new TcpPair(seed) { Loss = loss }, 1_000_000, 50_000);
    }

    [Test]
    public void ReorderingAndDuplication_ChangeNothing()
    {
        for (int seed = 1; seed <= 5; seed++)
            Transfer(new TcpPair(seed) { Reordering = 0.2, Duplication = 0.1, Loss = 0.01 }, 500_000, 500_000);
    }

    [Test]
    public void Loss_IsRepaired_WithoutOptions()
    {
        var plain = new TcpOptions { Sack = false, Timestamps = false, WindowScale = false, Congestion = TcpCongestion.NewReno };
        for (int seed = 1; seed <= 5; seed++)
            Transfer(new TcpPair(seed, plain) { Loss = 0.02, Reordering = 0.02 }, 300_000, 300_000);
    }

    // Each write is a segment of its own, and more of them are under way than the scoreboard lets a peer cut it into.
    [Test]
    public void ALossAmongManySmallWrites_IsRepairedBeforeATimeout()
    {
        const int writes = 6000;
        var options = new TcpOptions { Nagle = false, Pacing = false };
        var pair = new TcpPair(left: options) { Delay = TimeSpan.FromMilliseconds(50) }.Connect();
        int packets = 0;
        pair.Filter = (from, _) => from != pair.A || ++packets != 100;
        for (int i = 0; i < writes; i++)
        {
            pair.A.Send(new byte[] { (byte)i, (byte)(i >> 8) });
            pair.Run(TimeSpan.FromMicroseconds(10));
        }
        Assert.That(pair.A.Connection.UnacknowledgedOctets, Is.EqualTo(2 * writes), "all at once");
        pair.Run(() => pair.B.Count == 2 * writes, TimeSpan.FromSeconds(10));
        Assert.That(pair.B.LongestStall, Is.LessThan(TimeSpan.FromMilliseconds(150)));
        Assert.That(pair.A.PacketsSent, Is.LessThan(writes + 20), "what has arrived is not sent again");
    }

    // TEREDOSDK_TCP_MEGABYTES=100 is the long form. Each transfer arrives whole, never stands still for longer than its losses explain, and keeps no more than
    // its buffers may hold.
    [TestCase(0, 0), TestCase(0.001, 0), TestCase(0.01, 0), TestCase(0.05, 0), TestCase(0.1, 0), TestCase(0, 1), TestCase(0.01, 1)]
    public void LongTransfer_IsWhole_NeverStallsLong_AndTakesBoundedMemory(double loss, double jitter)
    {
        var pair = new TcpPair { Loss = loss, Reordering = jitter };
        pair.Connect();
        byte[] octets = Octets(Megabytes * 1_000_000, 1);
        var start = pair.Now;
        pair.B.Digest = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        pair.A.Send(octets, finish: true);
        pair.Run(() => pair.B.Connection.IsPeerFinished && pair.B.Connection.ReadableOctets == 0, TimeSpan.FromHours(10));
        TestContext.Out.WriteLine($"{(pair.Now - start).TotalSeconds:0.0} s, stall {pair.B.LongestStall.TotalSeconds:0.00} s of {StallBound(loss, octets.Length).TotalSeconds:0.0}, "
            + $"{pair.A.PacketsSent} packets, kept {pair.A.Most.Sending} and {pair.B.Most.Received}");
        Assert.That(pair.B.Digest.GetHashAndReset(), Is.EqualTo(SHA256.HashData(octets)));
        Assert.That(pair.B.LongestStall, Is.LessThan(StallBound(loss, octets.Length)));
        Assert.That(pair.A.Most.Sending, Is.LessThanOrEqualTo(TcpOptions.Default.SendBufferOctets));
        Assert.That(pair.B.Most.Received, Is.LessThanOrEqualTo(TcpOptions.Default.MaxReceiveBufferOctets + 2 * BlockRing.BlockOctets));
    }

    static readonly int Megabytes =
        int.TryParse(Environment.GetEnvironmentVariable("TEREDOSDK_TCP_MEGABYTES"), System.Globalization.CultureInfo.InvariantCulture, out int megabytes) ? megabytes : 5;

    // Of so many segments, one is lost about so many times in a row, or its acknowledgment is; each time the timeout doubles (RFC 6298 §5.5), from 0.3 s.
    static TimeSpan StallBound(double loss, int octets)
    {
        double each = 1 - (1 - loss) * (1 - loss);
        double times = each == 0 ? 0 : Math.Ceiling(Math.Log(octets / 1208.0) / -Math.Log(each));
        return TimeSpan.FromSeconds(0.3 * (Math.Pow(2, times + 1) - 1));
    }

    static void Transfer(TcpPair pair, int there, int back)
    {
        byte[] first = Octets(there, 1), second = Octets(back, 2);
        pair.Connect();
        pair.A.Send(first, finish: true);
        pair.B.Send(second, finish: true);
        pair.Run(() => pair.A.Connection.State is TcpState.TimeWait or TcpState.Closed && pair.B.Connection.State is TcpState.TimeWait or TcpState.Closed, Bound);
        Assert.That(pair.B.Octets.SequenceEqual(first), "there");
        Assert.That(pair.A.Octets.SequenceEqual(second), "back");
        Assert.That((pair.A.Connection.Error, pair.B.Connection.Error), Is.EqualTo((TcpError.None, TcpError.None)));
    }

    internal static byte[] Octets(int length, int seed)
    {
        byte[] octets = new byte[length];
        new Random(seed).NextBytes(octets);
        return octets;
    }
}
