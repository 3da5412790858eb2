using System.Reflection;
using TeredoSdk.Windows;
using TeredoSdk.Windows.Doctor;
using TeredoSdk.Windows.Native.Netsh;

namespace TeredoSdk.Tests.Windows.Netsh;

/// <summary>
/// What netsh printed on machines of users who posted it, in English and Chinese; names and public addresses are replaced. No posted output in German was
/// to be had: the German files of <see cref="NetshTeredoStateTests"/> are translations.
/// </summary>
public sealed class PostedTests
{
    static readonly Assembly Own = typeof(PostedTests).Assembly;

    static IEnumerable<TestCaseData> Posts()
    {
        yield return Post("en-dormant-five-rows", "enterpriseclient dormant teredo.remlab.net 30 s");
        yield return Post("en-four-rows-policy", "enterpriseclient* unknown teredo.example.net* 30 s*");
        yield return Post("en-natawareclient-qualified", "natawareclient qualified win1901.ipv6.microsoft.com. 20 s unmanaged cone");
        yield return Post("en-probe-primary", "enterpriseclient probe win10.ipv6.microsoft.com. 30 s unmanaged");
        yield return Post("en-qualified-policy-type-only", "enterpriseclient* qualified teredo.example.net 30 s managed symmetric (port)");
        yield return Post("en-windows-7-dormant", "default dormant teredo.ipv6.microsoft.com. 30 s managed none");
        yield return Post("zh-adapter", "client* offline teredo.example.net 30 s", ClientError.AdapterFailed);
        yield return Post("zh-adapter-port-policy", "enterpriseclient* offline teredo.example.net* 10 s* port 9901*", ClientError.AdapterFailed);
        yield return Post("zh-disabled-six-rows", "disabled offline teredo.example.net 60 s port 34567");
        yield return Post("zh-managed", "client offline win10.ipv6.microsoft.com. 30 s", ClientError.ManagedNetwork);
        yield return Post("zh-name", "enterpriseclient offline teredo.ipv6.microsoft.com. 30 s port 3544", ClientError.ServerNotResolved);
        yield return Post("zh-offline-error-none", "enterpriseclient offline win10.ipv6.microsoft.com. 30 s");
        yield return Post("zh-probe-secondary", "enterpriseclient* probe win1710.ipv6.microsoft.com. 30 s managed");
        yield return Post("zh-qualified-cone", "enterpriseclient qualified win1711.ipv6.microsoft.com. 30 s managed cone");
        yield return Post("zh-qualified-symmetric", "enterpriseclient qualified teredo.example.net 30 s managed symmetric (port)");
        yield return Post("zh-server-silent-policy", "enterpriseclient* offline teredo.example.net* 15 s*", ClientError.ServerSilent);
        yield return Post("zh-system-failure", "enterpriseclient offline teredo.example.net 30 s error 4294967295", ClientError.SystemFailure);
        yield return Post("zh-xp-probe-cone", "enterpriseclient probe teredo.example.net. 30 s unmanaged cone");
    }

    /// <param name="name">The post.</param>
    /// <param name="expected">The values. A star marks one that a policy set.</param>
    /// <param name="error">The error; null when there is none.</param>
    [TestCaseSource(nameof(Posts))]
    public void Parse_WhatAUserPosted_GivesItsValues(string name, string expected, object? error)
    {
        var status = NetshTeredoState.Parse(Read(name));
        Assert.Multiple(() =>
        {
            Assert.That(Describe(status), Is.EqualTo(expected));
            Assert.That(status.Error is null, Is.EqualTo(error is null), $"the error is '{status.Error}'");
            if (error is not null)
                Assert.That(ClientErrors.Of(status), Is.EqualTo(error));
        });
    }

    [Test]
    public void Posts_AreAllTold() =>
        Assert.That(Own.GetManifestResourceNames().Count(name => name.StartsWith("posted/", StringComparison.Ordinal)), Is.EqualTo(Posts().Count()));

    [TestCase("none", true)]
    [TestCase("Keiner", true)]
    [TestCase("aucune", true)]
    [TestCase("ninguno", true)]
    [TestCase("отсутствует", true)]
    [TestCase("なし", true)]
    [TestCase("없음", true)]
    [TestCase("无", true)]
    [TestCase("無", true)]
    [TestCase("yok", true)]
    [TestCase("一般系统故障", false)]
    [TestCase("основной сервер недоступен", false)]
    [TestCase("client is in a managed network", false)]
    public void Parse_TheWordForNone_IsNoErrorInAnyLanguage(string word, bool isNone)
    {
        var status = NetshTeredoState.Parse(Read("zh-offline-error-none").Replace(": 无", $": {word}", StringComparison.Ordinal));
        Assert.That(status.Error, isNone ? Is.Null : Is.EqualTo(word));
    }

    [Test]
    public void Error_InAnUnknownLanguageWithANumber_IsAFailureOfTheSystem() =>
        Assert.That(ClientErrors.Of(new() { State = TeredoClientState.Offline, Error = "genel arıza", ErrorCode = 31 }), Is.EqualTo(ClientError.SystemFailure));

    static string Describe(TeredoStatus status)
    {
        var (all, policy) = (status.Configuration, status.SetByPolicy);
        string?[] parts =
        [
            TeredoCommands.Word(all.Type!.Value) + Star(policy.Type), $"{status.State}".ToLowerInvariant(), all.ServerName + Star(policy.ServerName),
            $"{all.RefreshInterval?.TotalSeconds} s{Star(policy.RefreshInterval)}",
            all.ClientPort is > 0 and var port ? $"port {port}{Star(policy.ClientPort)}" : null,
            status.ErrorCode is { } code ? $"error {code}" : null, status.Network, status.Nat,
        ];
        return string.Join(' ', parts.OfType<string>());
    }

    static string Star(object? setByPolicy) => setByPolicy is null ? "" : "*";

    static string Read(string name)
    {
        using var reader = new StreamReader(Own.GetManifestResourceStream($"posted/{name}")!);
        return reader.ReadToEnd();
    }

    static TestCaseData Post(string name, string expected, ClientError? error = null) => new TestCaseData(name, expected, error).SetArgDisplayNames(name);
}
