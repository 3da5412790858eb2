using TeredoSdk.Protocol.Relay;
using TeredoSdk.Protocol.Tests.Client;
using static TeredoSdk.Protocol.Tests.Relay.RelayHarness;

namespace TeredoSdk.Protocol.Tests.Relay;

public class RelayOptionsTests
{
    static IEnumerable<TestCaseData> BadOptions()
    {
        yield return new TestCaseData(Router with { ServedPrefixes = [] }, "ServedPrefixes", "at least one");
        yield return new TestCaseData(Router with { ServedPrefixes = [new(ClientIp, 128)] }, "ServedPrefixes", "2001::/32");
        yield return new TestCaseData(Router with { ServedPrefixes = [new(Native, 129)] }, "ServedPrefixes", "0 to 128");
        yield return new TestCaseData(Router with { OwnAddresses = [default] }, "OwnAddresses", "0.0.0.0");
        yield return new TestCaseData(Router with { OwnAddresses = [IPv4Address.Parse("224.0.0.1")] }, "OwnAddresses", "224.0.0.1");
        yield return new TestCaseData(Router with { AttachedSubnets = [new(Own, 33)] }, "AttachedSubnets", "0 to 32");
        yield return new TestCaseData(Router with { MaxPeers = 15 }, "MaxPeers", "16 to 16777216");
        yield return new TestCaseData(Router with { MaxPeers = (1 << 24) + 1 }, "MaxPeers", "16 to 16777216");
    }

    [TestCaseSource(nameof(BadOptions))]
    public void RelayOptions_OutOfRange_NamesOptionAndRange(TeredoRelayOptions options, string option, string range) =>
        Assert.That(() => new TeredoRelay(options, new SeededRandom(1)),
            Throws.ArgumentException.With.Property("ParamName").EqualTo(option).And.Message.StartsWith(option).And.Message.Contains(range));

    [Test]
    public void Null_IsRefused()
    {
        Assert.That(() => new TeredoRelay(null!, new SeededRandom(1)), Throws.ArgumentNullException.With.Property("ParamName").EqualTo("options"));
        Assert.That(() => new TeredoRelay(Router, null!), Throws.ArgumentNullException.With.Property("ParamName").EqualTo("random"));
    }
}
