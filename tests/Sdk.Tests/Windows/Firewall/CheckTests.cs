using TeredoSdk.Windows;

namespace TeredoSdk.Tests.Windows.Firewall;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public class CheckTests
{
    readonly FirewallMachine _machine = new();

    FirewallExceptionCheck Check => _machine.Firewall.Check(FirewallMachine.Program);

    [Test]
    public void Check_WithoutARule_IsMissingAndNamesTheCommand()
    {
        Assert.That((Check.LetsIn, Check.Finding?.Error), Is.EqualTo((false, TeredoError.FirewallExceptionMissing)));
        Assert.That(Check.Finding?.Sentence, Does.Contain(@"`netsh advfirewall firewall add rule name=""Chat"" dir=in action=allow program=""C:\Program Files\Chat\Chat.exe"" "
            + "protocol=any edge=deferapp`").And.Contain("delete rule"));
    }

    [Test]
    public void Check_SomebodyElsesRuleWithAnotherCase_Counts()
    {
        _machine.With(_machine.Other with { ProgramPath = @"c:\PROGRAM FILES\chat\chat.exe" });

        Assert.That(Check.LetsIn, Is.True);
        Assert.That(Check.Rules, Is.EqualTo(_machine.Rules));
    }

    [Test]
    public void Check_RuleWithAVariableInItsPath_Counts()
    {
        Environment.SetEnvironmentVariable("TeredoSdkTestFolder", @"C:\Program Files");
        _machine.With(_machine.Other with { ProgramPath = @"%TeredoSdkTestFolder%\Chat\Chat.exe" });

        Assert.That(Check.LetsIn, Is.True);
        Environment.SetEnvironmentVariable("TeredoSdkTestFolder", null);
        Assert.That(Check.Finding?.Id, Is.EqualTo(FindingIds.FirewallNoException));
    }

    [Test]
    public void Check_RuleForSomePort_IsEnoughForTheProgramButNotForAllOfIt()
    {
        _machine.With(_machine.Other with { LocalPorts = "80,8000-8010" });

        Assert.That(Check.LetsIn, Is.True);
        Assert.That(State(_machine.Request), Is.EqualTo(FindingIds.FirewallExceptionNarrow));
        Assert.That(State(_machine.RequestWith(request => request.TcpPort = 8005)), Is.Null);
        Assert.That(State(_machine.RequestWith(request => request.TcpPort = 8011)), Is.EqualTo(FindingIds.FirewallExceptionNarrow));
        Assert.That(State(_machine.RequestWith(request => request.UdpPort = 80)), Is.EqualTo(FindingIds.FirewallNoException));
    }

    [Test]
    public void Check_RuleThatFallsShort_IsNamedWithTheReason()
    {
        AssertShortfall(_machine.Other with { Enabled = false }, "is disabled");
        AssertShortfall(_machine.Other with { EdgeTraversal = EdgeTraversal.Deny }, "edge traversal");
        AssertShortfall(_machine.Other with { Profiles = FirewallProfiles.Private | FirewallProfiles.Domain }, "Public");
        AssertShortfall(_machine.Other with { RemoteAddresses = "LocalSubnet" }, "some addresses");
        AssertShortfall(_machine.Other with { InterfaceTypes = "Lan" }, "some addresses");
    }

    [Test]
    public void Check_OutboundOrAnothersRule_DoesNotCount()
    {
        _machine.With(_machine.Other with { Direction = FirewallDirection.Out, EdgeTraversal = EdgeTraversal.Deny },
            _machine.Other with { ProgramPath = @"C:\Other.exe" }, _machine.Other with { ServiceName = "iphlpsvc" },
            _machine.Other with { Protocol = FirewallProtocol.Icmpv6 });

        Assert.That(Check.Finding?.Id, Is.EqualTo(FindingIds.FirewallNoException));
    }

    [TestCase(null, null)]
    [TestCase("2001::/32", null)]
    [TestCase(null, "2001::/32")]
    public void Check_BlockRule_BeatsTheException(string? addresses, string? localAddresses)
    {
        var block = _machine.Other with
        {
            Name = "Blocked once",
            Action = FirewallAction.Block,
            EdgeTraversal = EdgeTraversal.Deny,
            Profiles = FirewallProfiles.Public,
            RemoteAddresses = addresses,
            LocalAddresses = localAddresses,
        };
        _machine.With(_machine.Other, block);

        Assert.That((Check.LetsIn, Check.Finding?.Error), Is.EqualTo((false, TeredoError.FirewallExceptionOverridden)));
        Assert.That(Check.Finding?.Sentence, Does.Contain("'Blocked once'"));
        Assert.That(Check.Rules, Is.EqualTo(new[] { block }));
    }

    [Test]
    public void Check_BlockRuleThatDoesNotApply_ChangesNothing()
    {
        var block = _machine.Other with { Action = FirewallAction.Block, EdgeTraversal = EdgeTraversal.Deny };
        _machine.With(_machine.Other, block with { Enabled = false }, block with { Profiles = FirewallProfiles.Domain },
            block with { LocalPorts = "445" }, block with { RemoteAddresses = "10.0.0.0/8" }, block with { Protocol = FirewallProtocol.Udp },
            block with { Direction = FirewallDirection.Out });

        Assert.That(Check.LetsIn, Is.True);
    }

    [Test]
    public void Check_BlockAll_OverridesAndNamesTheProfile()
    {
        _machine.With(_machine.Other).Windows.Firewall.Profiles = [new()
        {
            Profile = FirewallProfiles.Private,
            Enabled = true,
            BlocksAllInbound = true,
            DefaultInbound = FirewallAction.Block,
        }];

        Assert.That(Check.Finding?.Error, Is.EqualTo(TeredoError.FirewallExceptionOverridden));
        Assert.That(Check.Finding?.Sentence, Does.Contain("Private"));
    }

    [TestCase(FirewallModifyState.GroupPolicyOverride, "group policy")]
    [TestCase(FirewallModifyState.InboundBlocked, "blocks all")]
    public void Check_PolicyThatOverrides_IsNamed(FirewallModifyState state, string word)
    {
        _machine.With(_machine.Other).Windows.Firewall.ModifyState = state;

        Assert.That(Check.Finding?.Error, Is.EqualTo(TeredoError.FirewallExceptionOverridden));
        Assert.That(Check.Finding?.Sentence, Does.Contain(word));
    }

    [Test]
    public void Check_FirewallOff_IsAStateOfItsOwn()
    {
        _machine.Windows.Firewall.Profiles = [new()
        {
            Profile = FirewallProfiles.Public,
            Enabled = false,
            BlocksAllInbound = false,
            DefaultInbound = FirewallAction.Block,
        }];

        Assert.That((Check.LetsIn, Check.Finding?.Error), Is.EqualTo((true, TeredoError.FirewallOff)));
    }

    [TestCase("Firewall.ReadStatus")]
    [TestCase("Firewall.ReadRules")]
    public void Check_WhatCanNotBeAsked_IsNotKnown(string call)
    {
        _machine.Windows.Missing[call] = "It is not there.";

        Assert.That((Check.LetsIn, Check.Finding?.Error, Check.Finding?.Sentence),
            Is.EqualTo(((bool?)null, TeredoError.FirewallUnavailable, "It is not there.")));
    }

    [Test]
    public void Check_DotnetHost_IsAdvisedToUseTheApphost()
    {
        var check = _machine.Firewall.Check(@"C:\Program Files\dotnet\dotnet.exe");

        Assert.That((check.LetsIn, check.Finding?.Error), Is.EqualTo((false, TeredoError.InvalidProgram)));
        Assert.That(check.Finding?.Sentence, Does.Contain("apphost").And.Not.Contain("add rule"));
    }

    [Test]
    public void Check_TeredoPort_CountsWindowsOwnRule()
    {
        var request = new FirewallExceptionRequest { Name = "Chat", OpenTeredoPort = true };
        Assert.That(State(request), Is.EqualTo(FindingIds.FirewallNoException));

        _machine.With(new FirewallRule
        {
            Name = "Teredo (UDP eingehend)",
            ServiceName = "IPHLPSVC",
            ProgramPath = @"%SystemRoot%\system32\svchost.exe",
            Protocol = FirewallProtocol.Udp,
            LocalPorts = "Teredo",
            Enabled = true,
        });

        Assert.That(State(request), Is.Null);
    }

    string? State(FirewallExceptionRequest request) => _machine.Firewall.Check(request).Finding?.Id;

    static void AssertShortfall(FirewallRule rule, string word)
    {
        var check = new FirewallMachine().With(rule).Firewall.Check(FirewallMachine.Program);

        Assert.That(check.Finding?.Error, Is.EqualTo(TeredoError.FirewallExceptionOverridden));
        Assert.That(check.Finding?.Sentence, Does.Contain(word).And.Contain("'Chat by hand'"));
        Assert.That(check.Rules, Is.EqualTo(new[] { rule }));
    }
}
