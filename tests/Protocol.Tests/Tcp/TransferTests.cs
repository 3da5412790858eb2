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

    [TestCase(0.01), TestCase(0.05), TestCase(0.1)]
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
