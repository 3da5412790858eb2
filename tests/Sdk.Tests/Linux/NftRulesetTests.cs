using TeredoSdk.Setup.Linux;

namespace TeredoSdk.Tests.Linux;

/// <summary>What rules of nftables do to a packet: certainly, perhaps, or not.</summary>
public class NftRulesetTests
{
    const string Accept = """{"accept":null}""", Drop = """{"drop":null}""", Jump = """{"jump":{"target":"more"}}""", Goto = """{"goto":{"target":"more"}}""";
    const string Port3544 = """{"match":{"op":"==","left":{"payload":{"protocol":"udp","field":"dport"}},"right":3544}}""";
    const string Counter = """{"counter":{"packets":0,"bytes":0}}""", Unknown = """{"limit":{"rate":5,"per":"second"}}""";

    // A rule each; the policy of the chain is to drop for the first ones.
    [TestCase("drop", "")]
    [TestCase("drop", $"[{Unknown},{Drop}]")]
    [TestCase("drop", """[{"match":{"op":"in","left":{"ct":{"key":"state"}},"right":["established","related"]}},{"accept":null}]""")]
    [TestCase("drop", """[{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":3544}},{"accept":null}]""")]
    [TestCase("drop", """[{"match":{"op":"!=","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":22}},{"accept":null}]""")]
    [TestCase("drop", """[{"match":{"op":"==","left":{"meta":{"key":"iifname"}},"right":"lo"}},{"accept":null}]""")]
    [TestCase("drop", """[{"match":{"op":"==","left":{"meta":{"key":"nfproto"}},"right":"ipv6"}},{"accept":null}]""")]
    [TestCase("accept", $"[{Port3544},{Counter},{Drop}]")]
    [TestCase("accept", $"[{Drop}]", $"[{Accept}]")]
    [TestCase("accept", """[{"match":{"op":"==","left":{"payload":{"protocol":"udp","field":"dport"}},"right":{"set":[53,{"range":[3000,4000]}]}}},{"reject":null}]""")]
    [TestCase("accept", """[{"match":{"op":"!=","left":{"payload":{"protocol":"udp","field":"dport"}},"right":53}},{"drop":null}]""")]
    [TestCase("accept", """[{"vmap":{"key":{"ct":{"key":"state"}},"data":{"set":[["established",{"accept":null}],["new",{"drop":null}]]}}}]""")]
    public void Packet_ThatIsDropped_IsBlockedForCertain(string policy, params string[] rules) => Assert.That(Judge(policy, rules), Is.EqualTo((true, true)));

    [TestCase("accept", "")]
    [TestCase("drop", $"[{Accept}]")]
    [TestCase("drop", $"[{Port3544},{Accept}]", $"[{Drop}]")]
    [TestCase("drop", """[{"match":{"op":"==","left":{"meta":{"key":"l4proto"}},"right":"udp"}},{"accept":null}]""")]
    [TestCase("accept", """[{"match":{"op":"==","left":{"ct":{"key":"state"}},"right":"invalid"}},{"drop":null}]""")]
    [TestCase("accept", """[{"match":{"op":"==","left":{"payload":{"protocol":"udp","field":"dport"}},"right":53}},{"drop":null}]""")]
    [TestCase("accept", """[{"match":{"op":"in","left":{"ct":{"key":"state"}},"right":["established","new"]}},{"accept":null}]""", $"[{Drop}]")]
    public void Packet_ThatIsAccepted_IsNotBlocked(string policy, params string[] rules) => Assert.That(Judge(policy, rules), Is.EqualTo((false, false)));

    [TestCase("drop", $"[{Unknown},{Accept}]")]
    [TestCase("accept", $"[{Unknown},{Drop}]")]
    [TestCase("accept", """[{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"saddr"}},"right":"192.0.2.1"}},{"drop":null}]""")]
    [TestCase("accept", """[{"match":{"op":"==","left":{"meta":{"key":"iifname"}},"right":"eth0"}},{"drop":null}]""")]
    [TestCase("accept", """[{"match":{"op":"==","left":{"payload":{"protocol":"udp","field":"dport"}},"right":"@ports"}},{"drop":null}]""")]
    [TestCase("accept", """[{"queue":{"num":0}}]""")]
    public void Packet_OnWhichTheJudgementDependsOnMore_IsPerhapsBlocked(string policy, params string[] rules) =>
        Assert.That(Judge(policy, rules), Is.EqualTo((true, false)));

    [TestCase("accept", true, $"[{Jump}]", "", $"[{Drop}]")]
    [TestCase("drop", false, $"[{Jump}]", "", $"[{Accept}]")]
    [TestCase("accept", true, $"[{Jump}]", $"[{Drop}]", "")] // the jump comes back
    [TestCase("accept", false, $"[{Goto}]", $"[{Drop}]", "")] // after a goto comes the policy
    [TestCase("accept", true, $"[{Jump}]", $"[{Drop}]", """[{"return":null}]""")]
    [TestCase("accept", false, """[{"return":null}]""", $"[{Drop}]", "")]
    [TestCase("accept", false, $"[{Jump}]", "", $"[{Jump}]")] // a loop, which the kernel would refuse, ends
    public void Jumps_AreFollowed(string policy, bool isBlocked, string first, string second, string more)
    {
        var ruleset = Parse(policy, [("input", first), ("input", second), ("more", more)]);
        Assert.That(ruleset.Blocking("input", new(3544, "new"), certainly: true).Any(), Is.EqualTo(isBlocked));
    }

    [Test]
    public void OwnRule_IsLeftOut()
    {
        var ruleset = NftRuleset.Parse("""
            {"nftables":[{"chain":{"family":"inet","table":"t","name":"input","hook":"input","policy":"drop"}},
            {"rule":{"family":"inet","table":"t","chain":"input","handle":7,"comment":"ours","expr":[{"accept":null}]}}]}
            """);
        Assert.That(ruleset.Blocking("input", new(3544, "new"), certainly: false), Is.Empty);
        Assert.That(ruleset.Without("ours").Blocking("input", new(3544, "new"), certainly: false), Has.Exactly(1).Items);
        Assert.That(ruleset.HandlesOf(new("inet", "t", "input"), "ours"), Is.EqualTo(new[] { 7 }));
    }

    [TestCase(""), TestCase("{}"), TestCase("[]"), TestCase("nonsense")]
    public void WhatNftDoesNotPrint_IsRefused(string text) =>
        Assert.That(() => NftRuleset.Parse(text), Throws.InstanceOf<TeredoException>().With.Message.Contains("can't be read"));

    static (bool Perhaps, bool Certainly) Judge(string policy, string[] rules)
    {
        var ruleset = Parse(policy, [.. rules.Select(rule => ("input", rule))]);
        return (ruleset.Blocking("input", new(3544, "new"), certainly: false).Any(), ruleset.Blocking("input", new(3544, "new"), certainly: true).Any());
    }

    static NftRuleset Parse(string policy, (string Chain, string Rule)[] rules)
    {
        string[] items =
        [
            $$$"""{"chain":{"family":"inet","table":"t","name":"input","hook":"input","policy":"{{{policy}}}"}}""",
            """{"chain":{"family":"ip6","table":"t","name":"input","hook":"input","policy":"drop"}}""",
            """{"chain":{"family":"inet","table":"t","name":"forward","hook":"forward","policy":"drop"}}""",
            .. rules.Where(rule => rule.Rule.Length > 0).Select((rule, i) =>
                $$$"""{"rule":{"family":"inet","table":"t","chain":"{{{rule.Chain}}}","handle":{{{i}}},"expr":{{{rule.Rule}}}}}"""),
        ];
        return NftRuleset.Parse($$"""{"nftables":[{{string.Join(',', items)}}]}""");
    }
}
