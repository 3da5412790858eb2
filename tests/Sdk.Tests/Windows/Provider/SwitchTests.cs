using TeredoSdk.Windows;
namespace TeredoSdk.Tests.Windows.Provider;

/// <summary>What keeps Windows' Teredo off is told apart, each with the step that turns it on.</summary>
public sealed class SwitchTests
{
    [Test]
    public async Task Type_Disabled_IsNamedWithItsCommand()
    {
        await using var machine = new WindowsMachine(type: TeredoType.Disabled);
        var failure = await machine.FailAsync();
        Assert.That(failure.Error, Is.EqualTo(TeredoError.TeredoDisabled));
        Assert.That(failure.Message, Does.Contain("netsh interface teredo set state type=enterpriseclient"));
        Assert.That(failure.Message, Does.Contain("to undo it, run netsh interface teredo set state type=disabled."));
    }

    // Neither is a client, though each has Teredo's interface.
    [TestCase(TeredoType.Relay, "relay")]
    [TestCase(TeredoType.Server, "server")]
    public async Task Type_ThatIsNoClient_IsOff(TeredoType type, string word)
    {
        await using var machine = new WindowsMachine(type: type);
        var switches = await TeredoSwitches.ReadAsync(machine.Windows, default);
        Assert.That(switches.IsOn, Is.False);
        Assert.That(switches.Obstacles.Single().Error, Is.EqualTo(TeredoError.TeredoDisabled));
        Assert.That(switches.Obstacles[0].Sentence, Does.Contain($"set to {word}").And.Contain("type=enterpriseclient"));
    }

    // The only source here is netsh, which prints the setting in force and says whose it is.
    [Test]
    public async Task Policy_ThatNetshTells_IsNotTakenForTheMachinesOwnSetting()
    {
        await using var machine = new WindowsMachine(new(6, 1), TeredoType.Disabled);
        machine.Windows.Registry[WindowsMachine.Policy + "Teredo_State"] = "Client";
        var switches = await TeredoSwitches.ReadAsync(machine.Windows, default);
        Assert.That(switches.Type, Is.EqualTo(TeredoType.Client));
        Assert.That(switches.Source, Is.EqualTo(TeredoSettingSource.Policy));
        Assert.That(switches.Configuration.Type, Is.Null, "the machine's own is not known, and is not written back as if it were");
    }

    [TestCase("6.1")] // netsh alone tells the settings
    [TestCase("10.0.19045")]
    public async Task PolicyForTheServer_IsToldAndNotTakenForTheMachinesOwn(string version)
    {
        await using var machine = new WindowsMachine(Version.Parse(version), TeredoType.Client);
        machine.Windows.Registry[WindowsMachine.Policy + "Teredo_State"] = "Client";
        machine.Windows.Registry[WindowsMachine.Policy + "Teredo_ServerName"] = "teredo.example.net";
        var switches = await TeredoSwitches.ReadAsync(machine.Windows, default);
        Assert.That(switches.ServerName, Is.EqualTo("teredo.example.net"));
        Assert.That(switches.Configuration.ServerName, Is.Not.EqualTo("teredo.example.net"));
        var refused = Assert.ThrowsAsync<TeredoException>(() => new TeredoActivation(machine.Windows).EnableAsync("other.example.net", (_, _) => new(true), default))!;
        Assert.That(refused.Finding.Id, Is.EqualTo(FindingIds.TeredoServerByPolicy));
        Assert.That(machine.Windows.Actions, Is.Empty);
    }

    // A policy for the type says nothing of the server, which was lost then.
    [Test]
    public async Task PolicyForTheTypeAlone_LeavesTheServerTold()
    {
        await using var machine = new WindowsMachine(new(6, 1), TeredoType.Disabled);
        machine.Teredo.Configuration = machine.Teredo.Configuration with { ServerName = "teredo.example.net" };
        machine.Windows.Registry[WindowsMachine.Policy + "Teredo_State"] = "Client";
        var switches = await TeredoSwitches.ReadAsync(machine.Windows, default);
        Assert.That(switches.ServerName, Is.EqualTo("teredo.example.net"));
        Assert.That(switches.Configuration.ServerName, Is.EqualTo("teredo.example.net"));
    }

    [TestCase("6.1")]
    [TestCase("10.0.19045")]
    public async Task Enable_WithTheServerDefault_Works(string version)
    {
        await using var machine = new WindowsMachine(Version.Parse(version), TeredoType.Disabled);
        machine.Teredo.Configuration = machine.Teredo.Configuration with { ServerName = "teredo.example.net" };
        await new TeredoActivation(machine.Windows).EnableAsync("default", (_, _) => new(true), default);
        Assert.That(machine.Teredo.Configuration.ServerName, Does.EndWith(".ipv6.microsoft.com"));
        Assert.That((await new TeredoActivation(machine.Windows).EnableAsync("default", null, default)).Steps, Is.Empty, "a second time there is nothing to do");
    }

    [TestCase("10.0.17134", TeredoError.TeredoDisabledByDefault)]
    [TestCase("10.0.17133", null)]
    [TestCase("6.1.7601", null)]
    public async Task Type_NobodyChose_IsOffSinceWindows10Version1803(string version, TeredoError? error)
    {
        await using var machine = new WindowsMachine(Version.Parse(version), TeredoType.Default);
        var switches = await TeredoSwitches.ReadAsync(machine.Windows, default);
        Assert.That(switches.Obstacles is [var first, ..] ? first.Error : (TeredoError?)null, Is.EqualTo(error));
        Assert.That(switches.Source, Is.EqualTo(TeredoSettingSource.Default));
    }

    [TestCase(0x01, TeredoError.TeredoDisabledByRegistry, "0x06")]
    [TestCase(0x08, TeredoError.TeredoDisabledByRegistry, "0x00")]
    [TestCase(0x2A, TeredoError.TeredoDisabledByRegistry, "0x22")]
    [TestCase(0xFF, TeredoError.IPv6Disabled, "0xE6")]
    [TestCase(0x11, TeredoError.IPv6Disabled, "0x06")]
    [TestCase(0x20, null, null)]
    [TestCase(0x10, null, null)]
    public async Task DisabledComponents_EachBit_MeansWhatItMeans(int bits, TeredoError? error, string? better)
    {
        await using var machine = new WindowsMachine();
        machine.Windows.Registry[WindowsMachine.DisabledComponents] = bits;
        var switches = await TeredoSwitches.ReadAsync(machine.Windows, default);
        Assert.That(switches.Obstacles is [var first, ..] ? first.Error : (TeredoError?)null, Is.EqualTo(error));
        if (better is not null)
            Assert.That(switches.Obstacles[0].Sentence, Does.Contain($"/d {better} /f"));
    }

    [TestCase("Disabled")]
    [TestCase("disabled")]
    public async Task Policy_Disabled_BeatsTheLocalSetting(string word)
    {
        await using var machine = new WindowsMachine();
        machine.Windows.Registry[WindowsMachine.Policy + "Teredo_State"] = word;
        var failure = await machine.FailAsync();
        Assert.That(failure.Error, Is.EqualTo(TeredoError.TeredoDisabledByPolicy));
        Assert.That(failure.Message, Does.Contain("Set Teredo State"));
    }

    [TestCase("Enterprise Client")]
    [TestCase("enterpriseclient")]
    public async Task Policy_EnterpriseClient_SwitchesOnWhatIsOffLocally(string word)
    {
        await using var machine = new WindowsMachine(type: TeredoType.Disabled);
        machine.Windows.Registry[WindowsMachine.Policy + "Teredo_State"] = word;
        machine.Windows.Registry[WindowsMachine.Policy + "Teredo_ServerName"] = "teredo.example.net";
        var switches = await TeredoSwitches.ReadAsync(machine.Windows, default);
        Assert.That(switches.IsOn, Is.True);
        Assert.That(switches.Type, Is.EqualTo(TeredoType.EnterpriseClient));
        Assert.That(switches.Source, Is.EqualTo(TeredoSettingSource.Policy));
        Assert.That(switches.ServerName, Is.EqualTo("teredo.example.net"));
        Assert.That(switches.Configuration.Type, Is.EqualTo(TeredoType.Disabled), "what would be restored");
    }

    [TestCase(false, "net start iphlpsvc")]
    [TestCase(true, "sc.exe config iphlpsvc start= auto")]
    public async Task Service_Stopped_IsNamedWithItsCommand(bool isDisabled, string command)
    {
        await using var machine = new WindowsMachine();
        machine.Windows.Services["iphlpsvc"] = new() { Exists = true, IsRunning = false, StartType = isDisabled ? ServiceStartType.Disabled : ServiceStartType.Automatic };
        var failure = await machine.FailAsync();
        Assert.That(failure.Error, Is.EqualTo(TeredoError.ServiceStopped));
        Assert.That(failure.Message, Does.Contain(command));
    }

    [Test]
    public async Task Xp_WithoutIPv6_IsNamedWithItsCommand()
    {
        await using var machine = new WindowsMachine(new(5, 1), TeredoType.Client);
        var failure = await machine.FailAsync();
        Assert.That(failure.Error, Is.EqualTo(TeredoError.IPv6Disabled));
        Assert.That(failure.Message, Does.Contain("netsh interface ipv6 install"));
    }

    [Test]
    public async Task Type_WithoutCim_IsAskedOfNetsh()
    {
        await using var machine = new WindowsMachine(new(6, 1), TeredoType.Client);
        var switches = await TeredoSwitches.ReadAsync(machine.Windows, default);
        Assert.That(switches.Type, Is.EqualTo(TeredoType.Client));
        Assert.That(machine.Windows.NetshCalls, Has.Count.EqualTo(1));
    }

    [Test]
    public async Task Type_NobodyCanTell_IsNotTakenForOff()
    {
        await using var machine = new WindowsMachine();
        machine.Windows.Missing["ReadConfiguration"] = "WMI does not answer.";
        machine.Windows.Missing["RunNetshAsync"] = "netsh can't be run.";
        var switches = await TeredoSwitches.ReadAsync(machine.Windows, default);
        Assert.That(switches.IsOn, Is.Null);
        var node = await machine.StartAsync();
        Assert.That(node.Report.Windows!.NotKnown.Select(known => known.Subject), Does.Contain("Teredo's type"));
    }
}
