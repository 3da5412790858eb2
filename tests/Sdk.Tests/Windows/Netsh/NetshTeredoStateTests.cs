using System.Reflection;
using TeredoSdk.Windows;
using TeredoSdk.Windows.Native.Netsh;

namespace TeredoSdk.Tests.Windows.Netsh;

/// <summary>
/// What netsh prints of Teredo, in seven languages. The corpus is a reconstruction: no machine with these languages was at hand. Its form and
/// its values are those of outputs that people published in English and Chinese; the other languages' labels are our translations, which is why
/// the parser must not read labels.
/// </summary>
public class NetshTeredoStateTests
{
    static readonly Assembly Own = typeof(NetshTeredoStateTests).Assembly;

    static IEnumerable<TestCaseData> Corpus() =>
        from name in Own.GetManifestResourceNames()
        where name.StartsWith("netsh/", StringComparison.Ordinal)
        let parts = name["netsh/".Length..].Split('-')
        select new TestCaseData(name, parts[1], parts.Length == 3).SetArgDisplayNames(name);

    [TestCaseSource(nameof(Corpus))]
    public void Parse_AnyLanguage_GivesTheSameValues(string resource, string situation, bool isPolicy)
    {
        var status = NetshTeredoState.Parse(Read(resource).Replace("\n", "\r\n"));
        Assert.Multiple(() =>
        {
            var expected = Expected(situation);
            var policy = isPolicy ? expected.Configuration with { ClientPort = null } : new();
            Assert.That(status with { Error = null }, Is.EqualTo(expected with { SetByPolicy = policy }));
            Assert.That(status.Error is not null, Is.EqualTo(situation == "offline"), "an error's text");
        });
    }

    [Test]
    public void Corpus_HasSevenLanguagesInAllSituations() => Assert.That(Corpus().Count(), Is.EqualTo(7 * 6 * 2));

    [Test]
    public void Parse_Offline_KeepsTheSystemsWordsForTheError() =>
        Assert.That(NetshTeredoState.Parse(Read("netsh/zh-offline")).Error, Is.EqualTo("主服务器无法通过 UDP 访问"));

    [Test]
    public void Parse_WithoutRights_HasTheConfigurationAndNoState()
    {
        string text = Read("netsh/de-cone-policy");
        var status = NetshTeredoState.Parse(text[..text.IndexOf("Status", StringComparison.Ordinal)]);
        Assert.Multiple(() =>
        {
            Assert.That(status.State, Is.EqualTo(TeredoClientState.Unknown));
            Assert.That(status.Configuration.Type, Is.EqualTo(TeredoType.EnterpriseClient));
            Assert.That(status.SetByPolicy.Type, Is.EqualTo(TeredoType.EnterpriseClient));
        });
    }

    [TestCase("probe (primary server)", TeredoClientState.Probe)]
    [TestCase("probe(cone)", TeredoClientState.Probe)]
    [TestCase("Qualified", TeredoClientState.Qualified)]
    [TestCase("asleep", TeredoClientState.Unknown)]
    public void Parse_State_IsItsFirstWord(string value, TeredoClientState expected) =>
        Assert.That(NetshTeredoState.Parse($"T\n-----\nA : client\nB : x.example\nC :20 s\nD : default\nE : {value}\n").State, Is.EqualTo(expected));

    [TestCase("server", TeredoType.Server)]
    [TestCase("default", TeredoType.Default)]
    [TestCase("automatic", TeredoType.Automatic)]
    [TestCase("client(Gro", TeredoType.Client)]
    [TestCase("Klient", null)]
    public void Parse_Type_IsTheFirstRowsFirstWord(string value, TeredoType? expected) =>
        Assert.That(NetshTeredoState.Parse($"T\n-----\nA : {value}\n").Configuration.Type, Is.EqualTo(expected));

    [Test]
    public void Parse_OnlyTheTypeDisabled_IsInactive() =>
        Assert.That(NetshTeredoState.Parse("Teredo Parameters\n----------\nType : disabled\n").State, Is.EqualTo(TeredoClientState.Inactive));

    [Test]
    public void Parse_OtherTablesBelow_AreNotRead()
    {
        var status = NetshTeredoState.Parse("T\n-----\nA : client\nB : x.example\n\nC : 1\nD : 2\nE : qualified\n");
        Assert.That(status.State, Is.EqualTo(TeredoClientState.Unknown));
    }

    [TestCase("")]
    [TestCase("The command was not found.\r\n")]
    [TestCase(":::::\n:\n:")]
    [TestCase("-----\n")]
    [TestCase("-----\n: client\n: \n: 99999999999999999999 s\n: 99999\n: qualified")]
    public void Parse_BadText_IsNoException(string text) => Assert.That(() => NetshTeredoState.Parse(text), Throws.Nothing);

    [Test]
    public void Parse_RandomText_IsNoException()
    {
        string[] pieces =
        [
            "\n", ":", "：", "-----", "(", "（", ")", " ", "client", "offline", "qualified", "probe", "teredo ", "30", "\0", "é", "\r", "\uD800",
        ];
        var random = new Random(20061);
        for (int i = 0; i < 20_000; i++)
        {
            string text = string.Concat(Enumerable.Range(0, random.Next(40)).Select(_ => pieces[random.Next(pieces.Length)]));
            Assert.That(() => NetshTeredoState.Parse(text), Throws.Nothing, text);
        }
    }

    static TeredoStatus Expected(string situation)
    {
        var status = new TeredoStatus
        {
            State = TeredoClientState.Qualified,
            ClientType = "teredo client",
            Network = "unmanaged",
        };
        var common = new TeredoConfiguration { ServerName = "teredo.example.net.", RefreshInterval = TimeSpan.FromSeconds(30), ClientPort = 0 };
        return situation switch
        {
            "cone" => status with { Configuration = common with { Type = TeredoType.EnterpriseClient }, Network = "managed", Nat = "cone" },
            "restricted" => status with { Configuration = common with { Type = TeredoType.Client, ClientPort = 34567 }, Nat = "restricted (port)" },
            "symmetric" => status with { Configuration = common with { Type = TeredoType.NatAwareClient }, Nat = "symmetric (address)" },
            "dormant" => status with
            {
                State = TeredoClientState.Dormant,
                Configuration = common with { Type = TeredoType.Default },
                ClientType = "teredo host-specific relay",
                Nat = "none",
            },
            _ => status with
            {
                State = TeredoClientState.Offline,
                Configuration = common with { Type = situation == "disabled" ? TeredoType.Disabled : TeredoType.Client },
                ClientType = null,
                Network = null,
            },
        };
    }

    static string Read(string resource)
    {
        using var reader = new StreamReader(Own.GetManifestResourceStream(resource)!);
        return reader.ReadToEnd();
    }
}
