using TeredoSdk.Protocol.Tests.Client;
using TeredoSdk.Protocol.Tests.Data;
using TeredoSdk.Protocol.Wire;

namespace TeredoSdk.Protocol.Tests.Captures;

/// <summary>
/// What a real host received goes into our client, what its applications sent comes from our host; what our client sends is
/// compared with what the real one sent: kind, target and both inner addresses, in order.
/// </summary>
/// <remarks>
/// Intended differences: our bubbles come from our Teredo address, where miredo's come from a hashed link-local one; they carry
/// nonces (RFC 6081) and hop limit 255; connectivity tests have data of their own; refreshes are due 75 to 100 % of 30 s.
/// </remarks>
public class ClientReplayTests
{
    const string A = "2001:0:cb00:7101:2443:665f:34ff:8ef4", B = "2001:0:cb00:7101:c3:15b1:34ff:8ef3";
    const string Symmetric = "2001:0:cb00:7101:2883:4497:34ff:8ef3", SymmetricMapping = "203.0.113.12:47976", SymmetricToRelay = "203.0.113.12:32985";

    [TestCase("02-client-to-client-port-restricted", B, "203.0.113.12:59982")]
    [TestCase("04-native-to-client-via-relay", B, "203.0.113.12:59982")]
    [TestCase("08-symmetric-to-port-restricted-fails", "2001:0:cb00:7101:3871:7121:34ff:8ef4", "203.0.113.11:36574")]
    [TestCase("10-conntrack-clash-no-input-drop", "2001:0:cb00:7101:87d:381d:34ff:8ef3", "203.0.113.12:51170", "203.0.113.12:40178")]
    [TestCase("11-restricted-to-cone", "2001:0:cb00:7101:287a:63bf:34ff:8ef4", "203.0.113.11:40000")]
    [TestCase("14-low-ttl-first-bubble-avoids-clash", "2001:0:cb00:7101:1418:1757:34ff:8ef3", "203.0.113.12:59560")]
    public void Client_ThatIsCalled_SendsWhatTheRealOneSent(string capture, string address, params string[] mappings) =>
        new ReplayedHost(address, mappings).Replay(capture);

    [TestCase("02-client-to-client-port-restricted", 5, A, "203.0.113.11:39328")]
    [TestCase("03-client-to-native-via-relay", 6, A, "203.0.113.11:39328")]
    [TestCase("11-restricted-to-cone", 5, "2001:0:cb00:7101:2c01:4090:34ff:8ef3", "203.0.113.12:49007")]
    [TestCase("14-low-ttl-first-bubble-avoids-clash", 5, "2001:0:cb00:7101:2425:29d6:34ff:8ef4", "203.0.113.11:54825")]
    public void Client_ThatCalls_SendsWhatTheRealOneSent(string capture, int firstPacket, string address, params string[] mappings) =>
        new ReplayedHost(address, mappings).Replay(capture, firstPacket);

    [Test]
    public void Client_BehindASymmetricNat_SendsWhatTheRealOneSentToAndFromANativeHost()
    {
        var host = new ReplayedHost(Symmetric, SymmetricMapping, SymmetricToRelay);
        host.Replay("09-symmetric-to-native-via-relay", firstPacket: 6);
        host.Replay("09b-native-to-symmetric-via-relay");
    }

    [Test]
    public void Client_FirstDirectBubble_HasALowTtlAsInCapture14()
    {
        var real = TestData.Capture("14-low-ttl-first-bubble-avoids-clash")[0].Udp!;
        Assert.That(real.Ttl, Is.EqualTo(1), "2 when it was sent, one hop before the capture");
        var host = new ReplayedHost("2001:0:cb00:7101:2425:29d6:34ff:8ef4", "203.0.113.11:54825");
        host.Replay("14-low-ttl-first-bubble-avoids-clash", firstPacket: 5);
        Assert.That(host.FirstDirectBubbleTtl, Is.EqualTo(2));
    }

    sealed class ReplayedHost
    {
        readonly ClientHarness _harness;
        readonly List<IPv4Endpoint> _mappings;
        readonly Readdressing _readdressing = new();
        readonly Queue<SentDatagram> _sent = new();
        int _taken;

        public ReplayedHost(string address, params string[] mappings)
        {
            _mappings = [.. mappings.Select(m => IPv4Endpoint.Parse(m))];
            bool symmetric = address == Symmetric;
            _harness = ClientHarness.Qualified(mapped: _mappings[0], atSecondary: symmetric ? IPv4Endpoint.Parse("203.0.113.12:50000") : null);
            _readdressing.Add(IPv6Address.Parse(address), _harness.Address);
        }

        public byte? FirstDirectBubbleTtl => _harness.Bubbles.FirstOrDefault(b => b.IsDirectBubble)?.Ttl;

        /// <param name="capture">The capture.</param>
        /// <param name="firstPacket">The frame with the packet that a caller's application sent first, before any bubble; 0 for none.</param>
        public void Replay(string capture, int firstPacket = 0)
        {
            _harness.Advance(1);
            var start = _harness.Now;
            var frames = TestData.Capture(capture);
            if (firstPacket > 0)
                _harness.Send(_readdressing.Apply(frames[firstPacket - 1].Udp!.Payload));
            int compared = 0;
            foreach (var frame in frames)
            {
                if (frame.Udp is not { } udp)
                    continue;
                _harness.AdvanceTo(start + frame.Time);
                if (_mappings.Contains(udp.Destination))
                    Receive(udp);
                else if (_mappings.Contains(udp.Source) && udp.Payload[0] != 0) // solicitations keep their own time
                {
                    ExpectSent(udp, isNew: frame.Number != firstPacket, $"{capture} frame {frame.Number}");
                    compared++;
                }
            }
            Collect();
            Assert.That(compared, Is.GreaterThan(1));
            Assert.That(_sent.Select(s => s.ToString()), Is.Empty, "sent, and the real one did not");
        }

        void Receive(CapturedDatagram udp)
        {
            byte[] payload = _readdressing.Apply(udp.Payload);
            if (_harness.Sent.LastOrDefault(s => s.IsEchoRequest && !s.IsHostPacket) is { } test && IsAnswerToTest(payload, test))
            {
                var (identifier, sequence, data) = test.Echo; // the real answer quotes the real test, this one ours
                payload = WireFormats.Octets.Of(o => EchoMessage.WritePacket(o, Icmpv6Type.EchoReply, test.InnerDestination, test.InnerSource, identifier, sequence, data, 63));
            }
            _harness.Receive(udp.Source, payload);
        }

        // miredo's connectivity tests have a payload of 26 octets, the pings of the captures have 64.
        static bool IsAnswerToTest(byte[] payload, SentDatagram test) => IPv6Packet.TryParse(payload, out var packet)
            && packet.NextHeader == NextHeader.Icmpv6 && packet.Payload.Length == 26 && packet.Payload[0] == (byte)Icmpv6Type.EchoReply
            && packet.Source == test.InnerDestination;

        void ExpectSent(CapturedDatagram udp, bool isNew, string frame)
        {
            if (IPv6Packet.TryParse(udp.Payload, out var packet) && packet.IsBubble && packet.Source.IsLinkLocal)
                _readdressing.Add(packet.Source, _harness.Address); // so that its answer comes back to us
            byte[] expected = _readdressing.Apply(udp.Payload);
            string described = Readdressing.Describe(udp.Destination, expected);
            if (isNew && described.StartsWith("packet", StringComparison.Ordinal))
                _harness.Send(expected);
            Collect();
            Assert.That(_sent.TryDequeue(out var sent) ? Readdressing.Describe(sent.Target, sent.Payload) : "nothing", Is.EqualTo(described), frame);
        }

        void Collect()
        {
            foreach (var sent in _harness.Sent.Skip(_taken).Where(s => !s.IsRouterSolicitation))
                _sent.Enqueue(sent);
            _taken = _harness.Sent.Count;
        }
    }
}
