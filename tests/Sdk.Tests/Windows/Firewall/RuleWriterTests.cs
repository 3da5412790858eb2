using System.Reflection;
using TeredoSdk.Windows;
using TeredoSdk.Windows.Native.Firewall;
using TeredoSdk.Windows.Native.NetFwTypeLib;

#pragma warning disable CA1416 // nothing of Windows is called here

namespace TeredoSdk.Tests.Windows.Firewall;

/// <summary>The order in which properties are written: Windows checks each at once. Runs anywhere, since the rule is a recorder, not COM's.</summary>
public class RuleWriterTests
{
    static readonly FirewallRule Tcp = new()
    {
        Name = "Chat",
        Grouping = "TeredoSdk",
        Protocol = FirewallProtocol.Tcp,
        LocalPorts = "80",
        EdgeTraversal = EdgeTraversal.DeferToApp,
        Enabled = true,
    };

    [Test]
    public void NewRule_HasProtocolBeforePorts_AndIsEnabledLast() => Assert.That(Written(Tcp, null), Is.EqualTo(new[]
    {
        "Name=Chat", "Grouping=TeredoSdk", "Protocol=6", "Direction=NET_FW_RULE_DIR_IN", "LocalPorts=80", $"Profiles={int.MaxValue}",
        "EdgeTraversalOptions=2", "Action=NET_FW_ACTION_ALLOW", "Enabled=True",
    }));

    [Test]
    public void StoredRule_HasOnlyItsChangesWritten() =>
        Assert.That(Written(Tcp with { LocalPorts = "81", RemoteAddresses = null }, Tcp with { RemoteAddresses = "LocalSubnet" }),
            Is.EqualTo(new[] { "LocalPorts=81", "RemoteAddresses=*" }));

    [Test]
    public void StoredRule_FromTcpToIcmp_LosesItsPortsFirst() =>
        Assert.That(Written(Tcp with { Protocol = FirewallProtocol.Icmpv6, LocalPorts = null, IcmpTypesAndCodes = "128:*" }, Tcp),
            Is.EqualTo(new[] { "LocalPorts=*", "Protocol=58", "IcmpTypesAndCodes=128:*" }));

    [Test]
    public void StoredRule_FromIcmpToTcp_LosesItsTypesFirst() =>
        Assert.That(Written(Tcp, Tcp with { Protocol = FirewallProtocol.Icmpv6, LocalPorts = null, IcmpTypesAndCodes = "128:*" }),
            Is.EqualTo(new[] { "IcmpTypesAndCodes=*", "Protocol=6", "LocalPorts=80" }));

    [Test]
    public void StoredRule_ThatBecomesOutbound_LosesEdgeTraversalFirst() =>
        Assert.That(Written(Tcp with { Direction = FirewallDirection.Out, EdgeTraversal = EdgeTraversal.Deny, LocalPorts = null }, Tcp),
            Is.EqualTo(new[] { "EdgeTraversalOptions=0", "LocalPorts=*", "Direction=NET_FW_RULE_DIR_OUT" }));

    static List<string> Written(FirewallRule wanted, FirewallRule? previous)
    {
        var rule = DispatchProxy.Create<INetFwRule3, Recorder>();
        new RuleWriter(rule, wanted, previous).Write();
        return ((Recorder)(object)rule).Calls;
    }

    public class Recorder : DispatchProxy
    {
        public List<string> Calls { get; } = [];

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
        {
            Calls.Add($"{targetMethod!.Name["Set".Length..]}={args![0]}");
            return null;
        }
    }
}
