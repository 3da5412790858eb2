using TeredoSdk.Protocol.Relay;
using TeredoSdk.Protocol.Tests.Data;
using TeredoSdk.Protocol.Wire;

namespace TeredoSdk.Protocol.Tests.Captures;

/// <summary>What the real relay received on both sides goes into ours; what ours sends is compared with what the real one sent.</summary>
/// <remarks>
/// Intended differences: our bubbles come from a random link-local address, miredo's from a hashed one, and have hop limit 255.
/// miredo's relay sends no direct bubbles unless it is told that it stands behind a NAT, so ours are switched off here.
/// </remarks>
public class RelayReplayTests
{
    static readonly IPv4Endpoint Endpoint = IPv4Endpoint.Parse("203.0.113.20:3545");
    static readonly IPv6Prefix Served = new(IPv6Address.Parse("2001:db8:6::"), 64);
    readonly byte[] _buffer = new byte[65536];

    [TestCase("03-client-to-native-via-relay", 5)]
    [TestCase("04-native-to-client-via-relay", 4)]
    [TestCase("09-symmetric-to-native-via-relay", 5)]
    [TestCase("09b-native-to-symmetric-via-relay", 4)]
    public void Relay_EveryDatagramOfACapture_IsTreatedAsTheRealOneDid(string capture, int firstPacket)
    {
        TeredoRelay relay = new(new() { ServedPrefixes = [Served], OwnAddresses = [Endpoint.Address], AllowPrivateAddresses = true, SendDirectBubbles = false },
            CryptographicRandom.Instance);
        var frames = TestData.Capture(capture);
        var readdressing = new Readdressing();
        Queue<(IPv4Endpoint Target, byte[] Payload)> sent = new();
        Assert.That(relay.HandlePacket(default, frames[firstPacket - 1].Udp!.Payload).Kind, Is.EqualTo(VerdictKind.Held));
        Collect(relay, sent);
        foreach (var frame in frames.Where(f => f.Udp is not null))
        {
            var (udp, now, at) = (frame.Udp!, new Instant(frame.Time), $"{capture} frame {frame.Number}");
            if (udp.Destination == Endpoint)
            {
                byte[] payload = readdressing.Apply(udp.Payload);
                var verdict = relay.HandleDatagram(now, LocalPort.Service, udp.Source, payload);
                Assert.That(verdict.Kind, Is.EqualTo(IsBubble(payload) ? VerdictKind.Consumed : VerdictKind.Deliver), $"{at}: {verdict.Reason}");
                Collect(relay, sent);
            }
            else if (udp.Source == Endpoint)
            {
                if (frame.Number != firstPacket && !IsBubble(udp.Payload))
                {
                    var verdict = relay.HandlePacket(now, udp.Payload);
                    Assert.That(verdict.Kind, Is.EqualTo(VerdictKind.Send), $"{at}: {verdict.Reason}");
                    sent.Enqueue((verdict.Target, udp.Payload));
                }
                Assert.That(sent.TryDequeue(out var ours), Is.True, at);
                if (IsBubble(udp.Payload)) // from now on the answers to the real relay's bubble go to ours
                    readdressing.Add(IPv6Address.Read(udp.Payload.AsSpan(8)), IPv6Address.Read(ours.Payload.AsSpan(8)));
                Assert.That(Readdressing.Describe(ours.Target, ours.Payload),
                    Is.EqualTo(Readdressing.Describe(udp.Destination, readdressing.Apply(udp.Payload))), at);
            }
        }
        Assert.That(sent, Is.Empty, "sent, and the real one did not");
        Assert.That(relay.Drops.Total, Is.Zero);
    }

    void Collect(TeredoRelay relay, Queue<(IPv4Endpoint, byte[])> sent)
    {
        while (relay.TryTakeTransmit(_buffer, out var transmit))
            sent.Enqueue((transmit.Target, _buffer[..transmit.Length]));
    }

    static bool IsBubble(byte[] payload) => IPv6Packet.TryParse(payload, out var packet) && packet.IsBubble;
}
