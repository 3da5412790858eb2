namespace TeredoSdk.Protocol.Tests.Tcp;

/// <summary>Readers that stop for a while.</summary>
public sealed class ShutWindowTests
{
    [TestCase(1), TestCase(60)]
    public void ReaderThatGoesOn_IsHeardByAPeerWhoseOwnWindowIsShut(int seconds)
    {
        var pair = new TcpPair().Connect();
        byte[] octets = new byte[300_000];
        new Random(1).NextBytes(octets);
        (pair.A.IsReading, pair.B.IsReading) = (false, false);
        pair.A.Send(octets, finish: true);
        pair.B.Send(octets, finish: true);
        pair.Run(TimeSpan.FromSeconds(seconds)); // both windows are shut, and both sides probe
        ReadOn(pair, pair.A, octets);
        ReadOn(pair, pair.B, octets);
    }

    static void ReadOn(TcpPair pair, TcpPair.Side side, byte[] octets)
    {
        var start = pair.Now;
        side.IsReading = true;
        side.Drain();
        pair.Run(() => side.Octets.Length == octets.Length, TimeSpan.FromMinutes(5));
        Assert.That(pair.Now - start, Is.LessThan(TimeSpan.FromSeconds(2)), "no probe had to be waited for");
        Assert.That(side.Octets.SequenceEqual(octets));
    }
}
