using TeredoSdk.Protocol.Tcp;

namespace TeredoSdk.Protocol.Tests.Tcp;

/// <summary>Two ends on a random path, with random settings and a random order of calls, always come to the same end.</summary>
public sealed class ConvergenceTests
{
    static readonly TimeSpan Bound = TimeSpan.FromMinutes(30);

    [Test]
    public void RandomPaths_CarryEverything()
    {
        for (int seed = First; seed < First + Runs; seed++)
        {
            try
            {
                Run(seed);
            }
            catch (Exception e)
            {
                throw new AssertionException($"seed {seed}: {e}");
            }
        }
    }

    // More of them, or one of them, for who looks for a fault.
    static readonly int First = Number("TEREDOSDK_TCP_SEED", 1), Runs = Number("TEREDOSDK_TCP_RUNS", 100);

    static int Number(string variable, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), System.Globalization.CultureInfo.InvariantCulture, out int number) ? number : otherwise;

    static void Run(int seed)
    {
        var random = new Random(seed);
        var pair = new TcpPair(seed, AnyOptions(random), AnyOptions(random))
        {
            Delay = TimeSpan.FromMilliseconds(random.Next(0, 300) / 2.0),
            Loss = random.Next(3) == 0 ? 0 : random.NextDouble() * 0.15,
            Duplication = random.Next(2) == 0 ? 0 : random.NextDouble() * 0.2,
            Reordering = random.Next(2) == 0 ? 0 : random.NextDouble(),
            Rate = random.Next(2) == 0 ? 0 : random.Next(20_000, 10_000_000),
            QueueOctets = random.Next(5_000, 500_000),
            PathOctets = random.Next(4) == 0 ? random.Next(1230, 1280) : int.MaxValue,
        };
        byte[] first = TransferTests.Octets(random.Next(0, 300_000), seed), second = TransferTests.Octets(random.Next(0, 300_000), seed + 1);
        pair.Connect();
        pair.A.Send(first, finish: true);
        if (random.Next(2) == 0)
            pair.Run(TimeSpan.FromMilliseconds(random.Next(0, 2000)));
        pair.B.Send(second, finish: true);
        for (int i = 0; i < 4; i++)
        {
            (pair.A.IsReading, pair.B.IsReading) = (random.Next(2) == 0, random.Next(2) == 0);
            pair.Run(TimeSpan.FromMilliseconds(random.Next(0, 3000)));
        }
        (pair.A.IsReading, pair.B.IsReading) = (true, true);
        pair.A.Drain();
        pair.B.Drain();
        pair.Run(() => IsOver(pair.A) && IsOver(pair.B), Bound);
        Assert.That(pair.B.Octets.SequenceEqual(first), $"there, seed {seed}: {pair.A}, {pair.B}");
        Assert.That(pair.A.Octets.SequenceEqual(second), $"back, seed {seed}: {pair.A}, {pair.B}");
        Assert.That((pair.A.Connection.Error, pair.B.Connection.Error), Is.EqualTo((TcpError.None, TcpError.None)), $"seed {seed}");
    }

    static bool IsOver(TcpPair.Side side) => side.Connection.State is TcpState.TimeWait or TcpState.Closed;

    static TcpOptions AnyOptions(Random random) => new()
    {
        Sack = random.Next(4) > 0,
        Timestamps = random.Next(4) > 0,
        WindowScale = random.Next(4) > 0,
        Nagle = random.Next(2) == 0,
        Ecn = random.Next(2) == 0,
        Pacing = random.Next(2) == 0,
        Congestion = (TcpCongestion)random.Next(2),
        SendBufferOctets = random.Next(2000, 1_000_000),
        InitialReceiveBufferOctets = random.Next(2000, 200_000),
        MaxReceiveBufferOctets = random.Next(200_000, 2_000_000),
        MaxPathOctets = random.Next(3) == 0 ? 1452 : 1280,
        UserTimeout = TimeSpan.FromMinutes(30),
    };
}
