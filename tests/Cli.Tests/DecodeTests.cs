namespace TeredoSdk.Cli.Tests;

/// <summary><c>teredo decode</c>.</summary>
public sealed class DecodeTests
{
    const string Address = "2001:0:4136:e378:8000:63bf:3fff:fdd2"; // 65.54.227.120, cone, 192.0.2.45:40000

    [Test]
    public async Task Decode_TellsThePartsOfTheAddress()
    {
        var result = await HereCommand.RunAsync("decode", Address);
        Assert.That(result.ExitCode, Is.Zero, result.ToString());
        Assert.That(result.Text.ReplaceLineEndings("|"), Is.EqualTo($"address         {Address}|prefix          2001::/32, current|server          65.54.227.120|"
            + "flags           8000 (cone)|mapped endpoint 192.0.2.45:40000|"
            + "note            the server or the mapped endpoint is not public: the address works only in a laboratory|"));
    }

    [TestCase("2001:0:4136:e378:0:63bf:f7f7:f7f7", true)]  // both are public
    [TestCase("2001:0:c000:201:0:63bf:f7f7:f7f7", false)]  // the server is 192.0.2.1
    [TestCase("2001:0:4136:e378:0:63bf:3fff:fdd2", false)] // the mapped address is 192.0.2.45
    public async Task Decode_TellsWhetherTheAddressIsPublic(string address, bool isPublic)
    {
        Assert.That((await HereCommand.RunAsync("decode", address, "--json")).Document.GetProperty("isPublic").GetBoolean(), Is.EqualTo(isPublic));
        string text = (await HereCommand.RunAsync("decode", $"[{address}]")).Text.ReplaceLineEndings("|");
        Assert.That(text.Contains("|note ", StringComparison.Ordinal), Is.Not.EqualTo(isPublic));
        Assert.That(text, Does.Contain("|flags           0000|"), "not cone");
    }

    [Test]
    public async Task Decode_WithJson_IsOneDocument()
    {
        var document = (await HereCommand.RunAsync("decode", Address, "--json")).Document;
        Assert.Multiple(() =>
        {
            Assert.That(document.GetProperty("server").GetString(), Is.EqualTo("65.54.227.120"));
            Assert.That(document.GetProperty("flags").GetString(), Is.EqualTo("8000"));
            Assert.That(document.GetProperty("cone").GetBoolean());
            Assert.That(document.GetProperty("mappedEndPoint").GetString(), Is.EqualTo("192.0.2.45:40000"));
            Assert.That(document.GetProperty("prefixAge").GetString(), Is.EqualTo("current"));
            Assert.That(document.GetProperty("isPublic").GetBoolean(), Is.False, "192.0.2.0/24 is documentation's");
        });
    }

    [Test]
    public async Task Decode_PrefixOfEarlyWindowsXp_IsCalledOld()
    {
        string old = Address.Replace("2001:0:", "3ffe:831f:", StringComparison.Ordinal);
        Assert.That((await HereCommand.RunAsync("decode", old)).Text, Does.Contain("prefix          3ffe:831f::/32, the old prefix"));
        Assert.That((await HereCommand.RunAsync("--json", "decode", old)).Document.GetProperty("prefixAge").GetString(), Is.EqualTo("old"));
        Assert.That((await HereCommand.RunAsync("--json", "decode", old)).Document.GetProperty("prefix").GetString(), Is.EqualTo("3ffe:831f::/32"));
    }

    [TestCase("2001:db8::1")]
    [TestCase("192.0.2.1")]
    public async Task Decode_AnotherAddress_IsAFailureInASentence(string address)
    {
        var result = await HereCommand.RunAsync("decode", address, "--json");
        Assert.That(result.ExitCode, Is.EqualTo(1), result.ToString());
        Assert.That(result.ErrorLines, Is.EqualTo(new[] { $"{address} is not a Teredo address; Teredo addresses are in 2001::/32 (or, long ago, in 3ffe:831f::/32)." }));
        Assert.That(result.Document.GetProperty("error").GetString(), Is.EqualTo("notTeredo"));
    }
}
