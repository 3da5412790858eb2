using NUnit.Framework.Interfaces;
using TeredoSdk.Testing;

namespace TeredoSdk.Protocol.Tests.Simulation;

/// <summary>A test on a simulated internet of its own, which leaves a pcap in the test's work directory when it fails.</summary>
public abstract class SimulationTest
{
    protected static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    protected SimulatedInternet Internet { get; set; } = null!;

    [SetUp]
    public void MakeInternet() => Internet = new(seed: 1);

    [TearDown]
    public void WritePcapOfFailure()
    {
        var context = TestContext.CurrentContext;
        if (context.Result.Outcome.Status != TestStatus.Failed)
            return;
        string path = Path.Combine(context.WorkDirectory, $"{context.Test.MethodName}-{context.Test.ID}.pcap");
        Internet.WritePcap(path);
        TestContext.AddTestAttachment(path, $"The datagrams of the core, seed {Internet.Seed}.");
    }

    /// <summary>Sends one octet, lets a second pass, and says whether the octet arrived.</summary>
    protected bool Reaches(SimulatedUdpSocket from, IPv4Endpoint target, SimulatedUdpSocket at, byte ttl = 0)
    {
        int before = at.Received.Count;
        from.Send(target, [7], ttl);
        Internet.RunFor(Second);
        return at.Received.Count > before;
    }

    /// <summary>Sends one octet to a public socket and returns the source that it sees.</summary>
    protected IPv4Endpoint SourceSeen(SimulatedUdpSocket from, SimulatedUdpSocket remote)
    {
        Assert.That(Reaches(from, remote.LocalEndpoint, remote), Is.True, "the datagram did not go out");
        return remote.Received[^1].Source;
    }
}
