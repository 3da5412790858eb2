using System.Net;
using System.Net.Sockets;

namespace TeredoSdk.Tests.Forwarding;

/// <summary>Options of a forward name themselves, their value and what is expected.</summary>
public sealed class ForwardOptionsTests
{
    static TestCaseData Bad(Action<TeredoForwardOptions> change, string option, string value) =>
        new TestCaseData(change, option, value).SetArgDisplayNames(option, value);

    static IEnumerable<TestCaseData> BadOptions =>
    [
        Bad(o => o.Direction = (TeredoForwardDirection)2, "Direction", "2"),
        Bad(o => o.Protocol = ProtocolType.Icmp, "Protocol", "Icmp"),
        Bad(o => o.Port = 65536, "Port", "65536"),
        Bad(o => o.LocalAddress = null!, "LocalAddress", "null"),
        Bad(o => o.Target = null!, "Target", "null"),
        Bad(o => o.Target = "", "Target", "''"),
        Bad(o => o.Target = "80", "Target", "'80'"),
        Bad(o => o.Target = "localhost:0", "Target", "'localhost:0'"),
        Bad(o => o.Target = "localhost:65536", "Target", "'localhost:65536'"),
        Bad(o => o.Target = "::1:80", "Target", "'::1:80'"),
        Bad(o => o.Target = "[127.0.0.1]:80", "Target", "'[127.0.0.1]:80'"),
        Bad(o => o.Target = "a b:80", "Target", "'a b:80'"),
        Bad(o => o.MaxSessions = 0, "MaxSessions", "0"),
        Bad(o => o.MaxSessionsPerPeer = 65536, "MaxSessionsPerPeer", "65536"),
        Bad(o => o.IdleTimeout = TimeSpan.FromSeconds(0.5), "IdleTimeout", "00:00:00.5000000"),
        Bad(o => o.IdleTimeout = TimeSpan.FromDays(8), "IdleTimeout", "8.00:00:00"),
        Bad(o => (o.SendProxyHeader, o.Direction) = (true, TeredoForwardDirection.ToPeer), "SendProxyHeader", "True"),
    ];

    [TestCaseSource(nameof(BadOptions))]
    public void Option_OutsideItsRange_IsNamedWithItsValue(Action<TeredoForwardOptions> change, string option, string value)
    {
        var options = new TeredoForwardOptions { Target = "localhost:80" };
        change(options);
        var e = Assert.Throws<ArgumentException>(options.Validate)!;
        Assert.That(e.Message, Does.StartWith($"{option} is {value}; expected "));
        Assert.That(e.ParamName, Is.EqualTo(option));
    }

    [TestCase("localhost:1", "localhost", 1)]
    [TestCase("127.0.0.1:65535", "127.0.0.1", 65535)]
    [TestCase("[::1]:80", "::1", 80)]
    public void Target_IsAHostAndAPort(string target, string host, int port)
    {
        var options = new TeredoForwardOptions { Target = target, LocalAddress = IPAddress.IPv6Loopback };
        Assert.DoesNotThrow(options.Validate);
        Assert.That(options.TargetParts, Is.EqualTo((host, port)));
    }
}
