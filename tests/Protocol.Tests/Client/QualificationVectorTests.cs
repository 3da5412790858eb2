using System.Text;
using TeredoSdk.Protocol.Client;
using TeredoSdk.Protocol.Tests.Data;
using static TeredoSdk.Protocol.Tests.Client.Lab;

namespace TeredoSdk.Protocol.Tests.Client;

/// <summary>The vectors of docs/protocol §2.8, octet for octet: real datagrams of another implementation, and secured ones.</summary>
public sealed class QualificationVectorTests
{
    /// <summary>Gives always the same eight octets, so that the nonce is the vector's.</summary>
    sealed class FixedRandom(ulong nonce) : IRandomSource
    {
        public void Fill(Span<byte> octets)
        {
            for (int i = 0; i < octets.Length; i++)
                octets[i] = (byte)(nonce >> 8 * (i % 8));
        }
    }

    static readonly TeredoSecret Secret = new()
    {
        ClientIdentifier = Encoding.ASCII.GetBytes("client-01"),
        Secret = Encoding.ASCII.GetBytes("teredo-shared-secret"),
    };

    static ClientHarness Started(TeredoSecret? secret, ulong nonce)
    {
        var harness = new ClientHarness(Options with { Secret = secret, ServicePort = 39328 }, random: new FixedRandom(nonce));
        harness.Start();
        return harness;
    }

    [Test, Conformance("C-024", "C-033")]
    public void CapturedExchange_Qualifies()
    {
        var harness = Started(null, 0xBE8F7520984F1BE9);
        Assert.That(harness.Sent.Single().Payload, Is.EqualTo(TestData.Vector("TV-01")));
        harness.Receive(Primary, TestData.Vector("TV-02"));
        Assert.That(harness.Sent.Last().Target, Is.EqualTo(Secondary));
        harness.Receive(Secondary, TestData.Vector("TV-02"));
        Assert.That(harness.Client.State, Is.EqualTo(ClientState.Qualified));
        Assert.That(harness.Client.Address!.Value.MappedEndpoint, Is.EqualTo(Mapped));
        Assert.That(harness.Client.Nat.PortPreserving, Is.True);
    }

    [Test, Conformance("C-043")]
    public void SecuredExchange_Qualifies()
    {
        var harness = Started(Secret, 0x0123456789ABCDEF);
        Assert.That(harness.Sent.Single().Payload, Is.EqualTo(TestData.Vector("TV-05")));
        harness.Receive(Primary, TestData.Vector("TV-06"));
        harness.Receive(Secondary, TestData.Vector("TV-06"));
        Assert.That(harness.Client.State, Is.EqualTo(ClientState.Qualified));
        Assert.That(harness.Client.Address!.Value.MappedEndpoint, Is.EqualTo(Mapped));
    }

    [Test, Conformance("C-042")]
    public void SecuredAnswer_WithAnyBitFlipped_IsDropped()
    {
        var harness = Started(Secret, 0x0123456789ABCDEF);
        byte[] answer = TestData.Vector("TV-06");
        for (int bit = 0; bit < answer.Length * 8; bit++)
        {
            byte[] altered = [.. answer];
            altered[bit / 8] ^= (byte)(1 << bit % 8);
            Assert.That(harness.Receive(Primary, altered).Kind, Is.EqualTo(VerdictKind.Dropped), $"bit {bit % 8} of octet {bit / 8}");
        }
        Assert.That(harness.Sent, Has.Count.EqualTo(1));
        Assert.That(harness.Receive(Primary, answer).Kind, Is.EqualTo(VerdictKind.Consumed));
    }

    [Test, Conformance("C-097")]
    public void DiscoveryBubble_OfANeighbour_IsTaken()
    {
        var harness = new ClientHarness(Options with { LocalDiscovery = true });
        harness.Qualify(OtherMapped); // the vector's client has the same mapped address and another port
        Assert.That(harness.Receive(LocalPort.Discovery, Endpoint("10.1.0.7:39328"), TestData.Vector("TV-17")).Kind, Is.EqualTo(VerdictKind.Consumed));
        Assert.That(harness.Client.PeerCount, Is.EqualTo(1));
    }
}
