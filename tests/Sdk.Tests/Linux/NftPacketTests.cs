using System.Text.Json;
using TeredoSdk.Setup.Linux;

namespace TeredoSdk.Tests.Linux;

/// <summary>Which expressions of nftables fit a packet: certainly, not, or as it depends on what is not judged.</summary>
public class NftPacketTests
{
    static readonly NftPacket New = new(3544, "new"), Answer = new(null, "established", 53);

    // Protocol and field | operation | what it is compared with | the result.
    [TestCase("udp dport", "==", "3544", true)]
    [TestCase("udp dport", "==", "3543", false)]
    [TestCase("th dport", "==", "3544", true)]
    [TestCase("udp dport", "!=", "3544", false)]
    [TestCase("udp dport", "!=", "53", true)]
    [TestCase("udp dport", "<", "4000", null)]
    [TestCase("udp length", "==", "3544", null)]
    [TestCase("udp dport", "in", """{"set":[53,3544]}""", true)]
    [TestCase("udp dport", "in", """{"set":[53,54]}""", false)]
    [TestCase("udp dport", "in", """{"set":3544}""", true)]
    [TestCase("udp dport", "in", """{"set":53}""", false)]
    [TestCase("udp dport", "in", """{"set":[53,"@more"]}""", null)]
    [TestCase("udp dport", "in", """{"set":["@more",3544]}""", true)]
    [TestCase("udp dport", "==", """{"range":[3544,4000]}""", true)]
    [TestCase("udp dport", "==", """{"range":[3000,3544]}""", true)]
    [TestCase("udp dport", "==", """{"range":[3545,4000]}""", false)]
    [TestCase("udp dport", "==", """{"range":[3000,3543]}""", false)]
    [TestCase("udp dport", "==", """{"range":["teredo",4000]}""", null)]
    [TestCase("udp dport", "==", """{"range":[3000,"teredo"]}""", null)]
    [TestCase("udp dport", "==", """{"prefix":1}""", null)]
    [TestCase("udp dport", "==", "\"@ports\"", null)]
    [TestCase("udp sport", "==", "53", null, Description = "not known")]
    [TestCase("ip protocol", "==", "\"udp\"", true)]
    [TestCase("ip protocol", "==", "\"tcp\"", false)]
    [TestCase("ip protocol", "==", "17", true)]
    [TestCase("ip protocol", "==", "6", false)]
    [TestCase("ip protocol", "==", "\"@protocols\"", null)]
    [TestCase("ip protocol", "in", """["tcp","udp"]""", true)]
    [TestCase("ip protocol", "in", """["tcp","@protocols"]""", null)]
    [TestCase("ip protocol", "in", """{"set":["tcp","udp"]}""", true)]
    [TestCase("ip protocol", "in", """{"set":["tcp","icmp"]}""", false)]
    [TestCase("ip protocol", "in", """{"range":[1,20]}""", null)]
    [TestCase("ip protocol", "==", "true", null)]
    [TestCase("ip saddr", "==", "\"192.0.2.1\"", null)]
    [TestCase("tcp dport", "==", "3544", false)]
    [TestCase("tcp dport", "!=", "22", false)]
    [TestCase("sctp dport", "!=", "22", false)]
    [TestCase("icmp type", "!=", "1", false)]
    [TestCase("icmpv6 type", "!=", "1", false)]
    [TestCase("ip6 saddr", "!=", "\"::1\"", false)]
    [TestCase("meta nfproto", "==", "\"ipv4\"", true)]
    [TestCase("meta nfproto", "==", "\"ipv6\"", false)]
    [TestCase("meta nfproto", "==", "2", true)]
    [TestCase("meta nfproto", "==", "10", false)]
    [TestCase("meta protocol", "==", "\"ip\"", true)]
    [TestCase("meta protocol", "==", "2048", true)]
    [TestCase("meta protocol", "==", "\"ip6\"", false)]
    [TestCase("meta l4proto", "==", "\"udp\"", true)]
    [TestCase("meta l4proto", "!=", "\"udp\"", false)]
    [TestCase("meta l4proto", "==", "17", true)]
    [TestCase("meta l4proto", "==", "6", false)]
    [TestCase("meta iif", "==", "\"lo\"", false)]
    [TestCase("meta iif", "==", "1", null)]
    [TestCase("meta iif", "==", "\"eth0\"", null)]
    [TestCase("meta iifname", "==", "\"lo\"", false)]
    [TestCase("meta oif", "!=", "\"lo\"", true)]
    [TestCase("meta oifname", "==", "\"lo\"", false)]
    [TestCase("meta mark", "==", "1", null)]
    [TestCase("ct state", "==", "\"new\"", true)]
    [TestCase("ct state", "==", "\"established\"", false)]
    [TestCase("ct state", "in", """["established","new"]""", true)]
    [TestCase("ct mark", "==", "1", null)]
    [TestCase("fib oif", "==", "0", null)]
    public void Match_FitsANewPacketToThePort(string left, string operation, string right, bool? expected) =>
        Assert.That(New.Fits(Match(left, operation, right), out _), Is.EqualTo(expected));

    [TestCase("udp sport", "53", true)]
    [TestCase("th sport", "53", true)]
    [TestCase("udp sport", "54", false)]
    [TestCase("udp dport", "53", null, Description = "not known")]
    [TestCase("ct state", "\"established\"", true)]
    [TestCase("ct state", "\"new\"", false)]
    public void Match_FitsAnAnswer(string left, string right, bool? expected) => Assert.That(Answer.Fits(Match(left, "==", right), out _), Is.EqualTo(expected));

    [TestCase("""{"match":{"op":"==","right":1}}""")]
    [TestCase("""{"match":{"op":"==","left":{"meta":{"key":"l4proto"}}}}""")]
    [TestCase("""{"match":{"left":{"meta":{"key":"l4proto"}},"right":"udp"}}""")]
    [TestCase("""{"match":{"op":"==","left":{"payload":{"base":"nh","offset":128,"len":32}},"right":1}}""")]
    [TestCase("""{"limit":{"rate":5}}""")]
    [TestCase("""{"xt":{"type":"match","name":"string"}}""")]
    [TestCase("""{"xt":null}""")]
    [TestCase("""{"vmap":{"data":{"set":[]}}}""")]
    [TestCase("""{"vmap":{"key":{"ct":{"key":"state"}}}}""")]
    [TestCase("""{"vmap":{"key":{"ct":{"key":"state"}},"data":"@map"}}""")]
    [TestCase("""{"vmap":{"key":{"ct":{"key":"state"}},"data":{}}}""")]
    [TestCase("""{"vmap":{"key":{"ct":{"key":"state"}},"data":{"set":"@map"}}}""")]
    public void OtherExpression_IsNotJudged(string expression)
    {
        Assert.That(New.Fits(Parse(expression), out var verdict), Is.Null);
        Assert.That(verdict, Is.Null);
    }

    [TestCase("accept"), TestCase("drop"), TestCase("reject"), TestCase("jump"), TestCase("goto"), TestCase("return"), TestCase("queue")]
    public void Verdict_IsItself(string name)
    {
        var expression = Parse($$"""{"{{name}}":null}""");
        Assert.That(New.Fits(expression, out var verdict), Is.True);
        Assert.That(verdict?.GetRawText(), Is.EqualTo(expression.GetRawText()));
    }

    [TestCase("""{"counter":null}"""), TestCase("""{"log":null}"""), TestCase("""{"mangle":{}}"""), TestCase("""{"comment":"x"}"""), TestCase("""{"xt":{"name":"comment"}}""")]
    public void WhatDecidesNothing_Fits(string expression)
    {
        Assert.That(New.Fits(Parse(expression), out var verdict), Is.True);
        Assert.That(verdict, Is.Null);
    }

    [TestCase("""["new",{"drop":null}]""", true, "drop")]
    [TestCase("""["established",{"accept":null}],["new",{"drop":null}]""", true, "drop")]
    [TestCase("""["new",{"accept":null}],["new",{"drop":null}]""", true, "accept")]
    [TestCase("""["established",{"accept":null}]""", false, null)]
    [TestCase("", false, null)]
    [TestCase("""["@states",{"accept":null}]""", null, null)]
    [TestCase("""["@states",{"accept":null}],["established",{"accept":null}]""", null, null)]
    [TestCase("""["@states",{"accept":null}],["new",{"drop":null}]""", true, "drop")]
    [TestCase("""["new"],["new",{"drop":null},1],"new",{"elem":1}""", false, null)]
    public void Map_LeadsToTheVerdictOfTheFirstThatFits(string set, bool? expected, string? verdict)
    {
        var map = Parse($$$"""{"vmap":{"key":{"ct":{"key":"state"}},"data":{"set":[{{{set}}}]} }}""");
        Assert.That(New.Fits(map, out var found), Is.EqualTo(expected));
        Assert.That(found?.EnumerateObject().Single().Name, Is.EqualTo(verdict));
    }

    static JsonElement Parse(string text) => JsonDocument.Parse(text).RootElement;

    static JsonElement Match(string left, string operation, string right)
    {
        string[] words = left.Split(' ');
        string what = words[0] is "meta" or "ct" or "fib" ? $$$"""{"{{{words[0]}}}":{"key":"{{{words[1]}}}"}}"""
            : $$$"""{"payload":{"protocol":"{{{words[0]}}}","field":"{{{words[1]}}}"}}""";
        return Parse($$$"""{"match":{"op":"{{{operation}}}","left":{{{what}}},"right":{{{right}}} }}""");
    }
}
