using TeredoSdk.Protocol.Server;
using TeredoSdk.Protocol.Tests.Data;
using TeredoSdk.Protocol.Wire;

namespace TeredoSdk.Protocol.Tests.Captures;

/// <summary>
/// What real clients, relays and probes sent to miredo-server goes through our server; socket, target and every octet of the
/// answers are compared with miredo-server's.
/// </summary>
public class ServerReplayTests
{
    static readonly IPv4Address Primary = IPv4Address.Parse("203.0.113.1"), Secondary = IPv4Address.Parse("203.0.113.2");

    /// <summary>The captures in which a server's own link is seen. 13's server is down, 01b and 07 are seen from behind the NAT, 03b has no server.</summary>
    static readonly string[] WithServer =
    [
        "01-qualification", "02-client-to-client-port-restricted", "03-client-to-native-via-relay", "04-native-to-client-via-relay",
        "05-server-conformance-probes", "06-rfc6081-peer-vs-miredo-client", "07b-same-nat-no-hairpin-wan", "08-symmetric-to-port-restricted-fails",
        "09-symmetric-to-native-via-relay", "09b-native-to-symmetric-via-relay", "10-conntrack-clash-no-input-drop", "11-restricted-to-cone",
        "12-maintenance-30s", "12b-short-nat-timer-renumbers-every-refresh", "14-low-ttl-first-bubble-avoids-clash",
    ];

    /// <summary>
    /// Frames of capture 05: solicitations without an authentication header. miredo-server answers with one all the same, and
    /// in it the nonce of whoever solicited before; ours has none, since that would tell one client's nonce to another.
    /// </summary>
    static readonly int[] StaleNonceLeaks = [3, 15, 17, 20, 22, 25, 30, 32];

    [Test]
    public void Captures_WithAndWithoutServer_AreAllAccountedFor() => Assert.That(
        WithServer.Concat(["01b-qualification-inside", "03b-native-side-v6", "07-same-nat-no-hairpin-inside", "13-server-unreachable-qualification-retries"]),
        Is.EquivalentTo(TestData.CaptureNames));

    [TestCaseSource(nameof(WithServer))]
    public void Server_EveryDatagramOfACapture_IsAnsweredAsTheRealOneDid(string capture)
    {
        var server = Server();
        var frames = TestData.Capture(capture);
        int answers = 0;
        foreach (var frame in frames.Where(f => f.Udp is { } udp && IsServer(udp.Destination)))
        {
            var real = frames.Skip(frame.Number).TakeWhile(f => f.Udp is not { } udp || !IsServer(udp.Destination))
                .Select(f => f.Udp).OfType<CapturedDatagram>().Where(udp => IsServer(udp.Source))
                .Select(udp => Describe(udp.Source, udp.Destination, Expected(capture, frame, udp.Payload))).ToList();
            Assert.That(Answers(server, frame), Is.EqualTo(real), $"{capture} frame {frame.Number}");
            answers += real.Count;
        }
        Assert.That(answers, Is.EqualTo(frames.Count(f => f.Udp is { } udp && IsServer(udp.Source))).And.GreaterThan(0), "each real answer was compared");
    }

    [Test, Conformance("C-049")]
    public void Server_SolicitationWithoutNonce_IsAnsweredWithoutTheNonceOfAnother()
    {
        var frames = TestData.Capture("05-server-conformance-probes");
        foreach (int number in StaleNonceLeaks)
        {
            Assert.That(Encapsulation.TryParse(frames[number - 1].Udp!.Payload, out var solicitation, out _), Is.True);
            Assert.That(solicitation.HasAuthentication, Is.False);
            Assert.That(Answers(Server(), frames[number - 1]).Single(), Does.Contain(" 0000"), "starts with the origin indication");
        }
    }

    // Captures 03 and 04: connectivity tests for a native host leave the server on its IPv6 side.
    [TestCase("03-client-to-native-via-relay", 1, "03b-native-side-v6")]
    [TestCase("04-native-to-client-via-relay", 5, null)]
    [TestCase("06-rfc6081-peer-vs-miredo-client", 16, null)]
    [TestCase("09-symmetric-to-native-via-relay", 1, null)]
    [TestCase("09b-native-to-symmetric-via-relay", 6, null)]
    [Conformance("C-115")]
    public void Server_ConnectivityTest_GoesToTheNativeInternetWithOneHopLess(string capture, int number, string? nativeSide)
    {
        var server = Server();
        var udp = TestData.Capture(capture)[number - 1].Udp!;
        Assert.That(server.HandleDatagram(default, LocalPort.ServerPrimary, udp.Source, udp.Payload).Kind, Is.EqualTo(VerdictKind.Consumed));
        byte[] buffer = new byte[1500];
        Assert.That(server.TryTakeDelivery(buffer, out int length), Is.True);
        byte[] expected = [.. udp.Payload];
        expected[7]--;
        Assert.That(Convert.ToHexString(buffer.AsSpan(0, length)), Is.EqualTo(Convert.ToHexString(expected)));
        if (nativeSide is null)
            return;
        byte[] seen = TestData.Capture(nativeSide)[0].IPv6!;
        seen[7] = expected[7]; // how many routers stood between the server and the native link is not the server's doing
        Assert.That(Convert.ToHexString(seen), Is.EqualTo(Convert.ToHexString(expected)));
    }

    static byte[] Expected(string capture, CapturedFrame solicitation, byte[] real)
    {
        if (!capture.StartsWith("05", StringComparison.Ordinal) || !StaleNonceLeaks.Contains(solicitation.Number))
            return real;
        Assert.That(Authentication.TryParse(real, out var leaked), Is.True, "the difference is the header that was not asked for");
        return real[leaked.Size..];
    }

    static List<string> Answers(TeredoServer server, CapturedFrame frame)
    {
        var udp = frame.Udp!;
        var via = udp.Destination.Address == Primary ? LocalPort.ServerPrimary : LocalPort.ServerSecondary;
        var verdict = server.HandleDatagram(new(frame.Time), via, udp.Source, udp.Payload);
        List<string> answers = [];
        byte[] buffer = new byte[1500];
        while (server.TryTakeTransmit(buffer, out var transmit))
            answers.Add(Describe(new(transmit.Via == LocalPort.ServerPrimary ? Primary : Secondary, TeredoPorts.Server), transmit.Target, buffer[..transmit.Length]));
        bool delivered = server.TryTakeDelivery(buffer, out _);
        Assert.That(verdict.Kind == VerdictKind.Consumed, Is.EqualTo(answers.Count > 0 || delivered), $"frame {frame.Number}: {verdict.Reason}");
        return answers;
    }

    static TeredoServer Server() => new(new TeredoServerOptions
    {
        Primary = Primary,
        Secondary = Secondary,
        AllowPrivateAddresses = true, // the laboratory's documentation addresses
        ForwardNative = true,
    }, CryptographicRandom.Instance);

    static string Describe(IPv4Endpoint source, IPv4Endpoint target, byte[] payload) => $"{source} > {target} {Convert.ToHexStringLower(payload)}";

    static bool IsServer(IPv4Endpoint endpoint) => endpoint.Port == TeredoPorts.Server && (endpoint.Address == Primary || endpoint.Address == Secondary);
}
