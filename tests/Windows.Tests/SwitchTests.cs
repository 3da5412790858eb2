using Microsoft.Win32;

namespace TeredoSdk.Windows.Tests;

/// <summary>What keeps Windows' Teredo off is told apart, and switched on in the way that the system has.</summary>
[Refusing]
public class SwitchTests
{
    const string PolicyKey = @"SOFTWARE\Policies\Microsoft\Windows\TCPIP\v6Transition";
    const string Tcpip6Key = @"SYSTEM\CurrentControlSet\Services\Tcpip6\Parameters";

    static WindowsSystem Windows => WindowsSystem.Current;

    [TearDown]
    public void RemoveSwitches()
    {
        Registry.LocalMachine.DeleteSubKeyTree(PolicyKey, throwOnMissingSubKey: false);
        using var parameters = Registry.LocalMachine.CreateSubKey(Tcpip6Key);
        parameters.DeleteValue("DisabledComponents", throwOnMissingValue: false);
    }

    [TestCase("disabled", TeredoError.TeredoDisabled)]
    [TestCase("default", TeredoError.TeredoDisabledByDefault)]
    public void Client_ThatIsOffByItsType_IsANamedError(string type, TeredoError error)
    {
        FakeFiles.Own.Begin($"type={type}");
        AssertFails(error);
    }

    [Test]
    public void Client_ThatAPolicyTurnsOff_IsANamedError()
    {
        FakeFiles.Own.Begin();
        Registry.LocalMachine.CreateSubKey(PolicyKey).SetValue("Teredo_State", "Disabled");
        AssertFails(TeredoError.TeredoDisabledByPolicy);
    }

    [TestCase(0x08, TeredoError.TeredoDisabledByRegistry)]
    [TestCase(0x01, TeredoError.TeredoDisabledByRegistry)]
    [TestCase(0xFF, TeredoError.IPv6Disabled)]
    public void Client_ThatTheRegistryTurnsOff_IsANamedError(int bits, TeredoError error)
    {
        FakeFiles.Own.Begin();
        Registry.LocalMachine.CreateSubKey(Tcpip6Key).SetValue("DisabledComponents", bits);
        AssertFails(error);
    }

    [Test]
    public async Task Enable_WhereNetshDoesNotDoIt_GoesOnToCim_AndRestoreTakesItBack()
    {
        FakeFiles.Own.Begin("type=disabled", "netsh=denied");
        var activation = new TeredoActivation(Windows);
        var result = await activation.EnableAsync("teredo.example", Agree, CancellationToken.None);
        Assert.That(FakeFiles.Own.Get("type"), Is.EqualTo("enterpriseclient"));
        Assert.That(activation.Steps[^1], Does.StartWith("By CIM"));
        await activation.RestoreAsync(result.Previous, CancellationToken.None);
        Assert.That(FakeFiles.Own.Get("type"), Is.EqualTo("disabled"));
    }

    [TestCase("cim=missing")]
    [TestCase("cim=denied")]
    public async Task Enable_WhateverBecomesOfCim_IsDoneByNetsh_WhichLasts(string refusal)
    {
        FakeFiles.Own.Begin("type=disabled", refusal);
        await new TeredoActivation(Windows).EnableAsync("teredo.example", Agree, CancellationToken.None);
        Assert.That(FakeFiles.Own.Get("type"), Is.EqualTo("enterpriseclient"));
        Assert.That(FakeFiles.Own.NetshCalls,
            Has.Some.EqualTo(new[] { "interface", "teredo", "set", "state", "type=enterpriseclient", "servername=teredo.example" }));
    }

    [Test]
    public void Enable_WhereNothingDoesIt_TriesAllWaysAndSaysSo()
    {
        FakeFiles.Own.Begin("type=disabled", "cim=missing", "netsh=denied");
        var activation = new TeredoActivation(Windows);
        Assert.That(async () => await activation.EnableAsync(null, Agree, CancellationToken.None),
            Throws.TypeOf<TeredoException>().With.Property("Error").EqualTo(TeredoError.SetupFailed));
        Assert.That(string.Join('\n', activation.Steps), Does.Contain("netsh interface teredo").And.Contain("netsh interface ipv6 set teredo"));
        Assert.That(FakeFiles.Own.Get("type"), Is.EqualTo("disabled"));
    }

    [TestCase("a b")]
    [TestCase("\"quoted\"")]
    [TestCase("x & calc")]
    public void Server_ThatIsNone_ReachesNoCommand(string server)
    {
        FakeFiles.Own.Begin("type=disabled", "cim=missing");
        Assert.That(async () => await new TeredoActivation(Windows).EnableAsync(server, Agree, CancellationToken.None),
            Throws.TypeOf<TeredoException>().With.Property("Error").EqualTo(TeredoError.NoServer));
        Assert.That(FakeFiles.Own.NetshCalls, Is.Empty);
    }

    static ValueTask<bool> Agree(ConsentRequest request, CancellationToken cancellationToken) => ValueTask.FromResult(true);

    static void AssertFails(TeredoError error)
    {
        var options = new TeredoOptions
        {
            Provider = TeredoProvider.Windows,
            QualificationTimeout = Patience.Limit,
            AllowPrivateAddresses = true,
        };
        var failure = Assert.ThrowsAsync<TeredoException>(async () => await TeredoNode.StartAsync(options));
        Assert.That(failure!.Error, Is.EqualTo(error), failure.Message);
    }
}
