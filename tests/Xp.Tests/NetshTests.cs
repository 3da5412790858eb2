namespace TeredoSdk.Xp.Tests;

/// <summary>The one place that makes command lines, the reading of what netsh shows, and the addresses.</summary>
public class NetshTests
{
    [TestCase("interface|ipv6", "interface ipv6")]
    [TestCase("a b", "\"a b\"")]
    [TestCase("", "\"\"")]
    [TestCase("a\"b", "\"a\\\"b\"")]
    [TestCase(@"a\b", @"a\b")]
    [TestCase(@"a b\", @"""a b\\""")]
    [TestCase("a \\\"b", "\"a \\\\\\\"b\"")]
    [TestCase("\t", "\"\t\"")]
    public void CommandLine_OfArguments_KeepsThemApart(string arguments, string line) =>
        Assert.That(Probe.Run(["command-line", .. arguments.Split('|')]), Is.EqualTo(new[] { line }));

    [TestCase("Type : client\r\nServer Name : a.example\r\nClient Refresh Interval : 30 seconds\r\nClient Port : 34567\r\nState : qualified\r\n",
        "type 'client' server 'a.example' port '34567' client True fixed 34567", TestName = "English")]
    [TestCase("Teredo\r\n----\r\nТип : disabled\r\nИмя сервера : a.example (групповая политика)\r\n",
        "type 'disabled' server 'a.example' port '' client False fixed no", TestName = "Russian, disabled, with a group policy")]
    [TestCase("类型：client\r\n服务器名称：a.example\r\n刷新间隔：30 秒\r\n端口：default\r\n",
        "type 'client' server 'a.example' port 'default' client True fixed no", TestName = "Chinese, with wide colons")]
    [TestCase("", "type '' server '' port '' client False fixed no", TestName = "Nothing")]
    [TestCase("The following command was not found: \r\n", "type '' server '' port '' client False fixed no", TestName = "A label without a value")]
    public void Parse_OfWhatNetshShows_TakesValuesByTheirPlace(string shown, string settings) =>
        Assert.That(Probe.RunWith(shown, "parse"), Is.EqualTo(new[] { settings }));

    [Test]
    public void IsTeredoAddress_KnowsTheNewPrefixAndTheOldOneOnly() =>
        Assert.That(Probe.Play("is-teredo 2001:0:102:304::1 3ffe:831f:102:304::1 2001:1::1 3ffe:831e::1 2002::1 fe80::1 32.1.0.0").Single(),
            Is.EqualTo("True True False False False False False"));

    [TestCase("wait address=2001::1 address-after=5", "address 2001::1")]
    [TestCase("wait address=3ffe:831f::1 timeout=0", "address 3ffe:831f::1")]
    [TestCase("wait address=2001::1 address-after=5 timeout=4", "error NoAddress: No interface got a Teredo address within 4 seconds")]
    [TestCase("wait cancel-after=3", "threw OperationCanceledException")]
    public void WaitForAddress_EndsWithTheAddressTheTimeoutOrTheCancellation(string scenario, string outcome) =>
        Assert.That(Probe.Play(scenario).Single(), Does.StartWith(outcome));
}
