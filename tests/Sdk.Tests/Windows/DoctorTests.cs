using TeredoSdk.Doctor;
using TeredoSdk.Links.Windows;
using TeredoSdk.Testing;
using TeredoSdk.Windows;

namespace TeredoSdk.Tests.Windows;

/// <summary>What a doctor finds on broken Windows machines: one line for each machine, with what must be named. The first one is the cause.</summary>
public sealed class DoctorTests
{
    const string Program = @"C:\Games\Game.exe";
    const string Policy = @"SOFTWARE\Policies\Microsoft\Windows\TCPIP\v6Transition\Teredo_State";
    const string DisabledComponents = @"SYSTEM\CurrentControlSet\Services\Tcpip6\Parameters\DisabledComponents";

    static IEnumerable<TestCaseData> Machines()
    {
        yield return Machine("nothing", _ => { });
        yield return Machine("switched off", windows => SetType(windows, TeredoType.Disabled), FindingIds.TeredoOff);
        yield return Machine("never switched on", windows => SetType(windows, TeredoType.Default), FindingIds.TeredoOffByDefault);
        yield return Machine("off by policy", windows => windows.Registry[Policy] = "Disabled", FindingIds.TeredoOffByPolicy);
        yield return Machine("Teredo off in the registry", windows => windows.Registry[DisabledComponents] = 0x08, FindingIds.TeredoOffByRegistry);
        yield return Machine("IPv6 off in the registry", windows => windows.Registry[DisabledComponents] = 0xFF, FindingIds.IPv6Off);
        yield return Machine("service disabled", windows => Stop(windows, ServiceStartType.Disabled), FindingIds.ServiceDisabled);
        yield return Machine("service stopped", windows => Stop(windows, ServiceStartType.Demand), FindingIds.ServiceStopped);
        yield return Machine("no service", windows => windows.Services["iphlpsvc"] = new() { Exists = false }, FindingIds.ServiceMissing);
        yield return Machine("server of Windows silent", windows => windows.Teredo.Network = FakeTeredoNetwork.ServerSilent, FindingIds.TeredoServerSilent);
        yield return Machine("Windows asks for ever", windows => windows.Teredo.Network = FakeTeredoNetwork.Endless, FindingIds.TeredoOverdue);
        yield return Machine("managed network", windows =>
        {
            windows.Teredo.IsManagedNetwork = true;
            SetType(windows, TeredoType.Client);
        }, FindingIds.TeredoManagedNetwork);
        yield return Machine("another server", windows =>
            windows.Teredo.Configuration = windows.Teredo.Configuration with { ServerName = "teredo.example.net" }, FindingIds.TeredoOtherServer);
        yield return Machine("firewall off", windows => windows.Firewall.Profiles =
            [.. windows.Firewall.Profiles.Select(profile => profile with { Enabled = false })], FindingIds.FirewallOff);
        yield return Machine("no healthy firewall", windows => windows.FirewallHealth = FirewallHealth.Poor, FindingIds.FirewallNotHealthy);
        yield return Machine("another firewall", windows => windows.Firewall.Products = ["Wall 3000"], FindingIds.FirewallOther);
        yield return Machine("everything blocked", windows => windows.Firewall.Profiles =
            [.. windows.Firewall.Profiles.Select(profile => profile with { BlocksAllInbound = true })], FindingIds.FirewallBlocksAll);
        yield return Machine("no exception", windows => windows.Firewall.Remove("Game"), FindingIds.FirewallNoException);
        yield return Machine("exception without edge", windows =>
            windows.Firewall.Update(Exception with { EdgeTraversal = EdgeTraversal.Deny }), FindingIds.FirewallExceptionNarrow);
        yield return Machine("cancelled prompt", windows => windows.Firewall.PlantCancelledPrompt(Program), FindingIds.FirewallBlockRule);
        yield return Machine("Core Networking gone", windows =>
        {
            foreach (var rule in windows.Firewall.Rules.Where(rule => rule.Name != Exception.Name).ToArray())
                windows.Firewall.Remove(rule.Name);
        }, FindingIds.FirewallTeredoPort, FindingIds.FirewallIcmpv6);
        yield return Machine("rules unreadable", windows => windows.Missing["Firewall.ReadRules"] = "no rights", FindingIds.FirewallNotRead);
        yield return Machine("off, and its service disabled", windows =>
        {
            SetType(windows, TeredoType.Disabled);
            Stop(windows, ServiceStartType.Disabled);
        }, FindingIds.ServiceDisabled, FindingIds.TeredoOff);
        yield return Machine("policy, and no exception", windows =>
        {
            windows.Registry[Policy] = "Disabled";
            windows.Firewall.Remove("Game");
        }, FindingIds.TeredoOffByPolicy, FindingIds.FirewallNoException);
    }

    static FirewallRule Exception { get; } = new()
    {
        Name = "Game",
        ProgramPath = Program,
        Enabled = true,
        EdgeTraversal = EdgeTraversal.Allow,
    };

    [TestCaseSource(nameof(Machines))]
    public async Task Machine_HasItsFindings(Action<FakeWindows> fault, string[] ids)
    {
        await using var lab = new Lab();
        lab.StartServer();
        var windows = NewWindows();
        fault(windows);
        var diagnosis = await RunAsync(lab, windows);
        string[] found = [.. diagnosis.Findings.Where(finding => finding.Severity != FindingSeverity.Note).Select(finding => finding.Id)];
        Assert.That(found, ids.Length == 0 ? Is.Empty : Is.SupersetOf(ids), string.Join('\n', diagnosis.Findings.Select(finding => $"{finding.Id}: {finding.Sentence}")));
        if (ids.Length == 0)
            return;
        Assert.That(found[0], Is.EqualTo(ids[0]), "the cause comes first");
        Assert.That(diagnosis.Findings, Is.Unique);
    }

    [Test]
    public async Task Server_ThatIsSilent_IsAnError_AndOneOfTwoAWarning()
    {
        await using var lab = new Lab();
        lab.StartServer();
        var one = await RunAsync(lab, NewWindows(), Lab.SecondServerAddress);
        var both = await RunAsync(lab, NewWindows(), Lab.ServerAddress, Lab.SecondServerAddress);
        Assert.Multiple(() =>
        {
            Assert.That(Of(one, FindingIds.ServerSilent).Severity, Is.EqualTo(FindingSeverity.Error));
            Assert.That(Of(one, FindingIds.ServerSilent).Evidence, Has.Count.EqualTo(2));
            Assert.That(Of(both, FindingIds.ServerSilent).Severity, Is.EqualTo(FindingSeverity.Warning));
            Assert.That(both.IsSound);
        });
    }

    [Test]
    public async Task Secondary_ThatIsSilent_IsAWarning_WithWhatThePrimarySaid()
    {
        await using var lab = new Lab();
        lab.StartServer();
        var finding = Of(await RunAsync(lab, NewWindows(), $"{Lab.ServerAddress},203.0.113.9"), FindingIds.ServerSecondarySilent);
        Assert.That(finding.Severity, Is.EqualTo(FindingSeverity.Warning));
        Assert.That(finding.Evidence[0], Does.Contain($"{Lab.ServerAddress} answered"));
    }

    [Test]
    public async Task Name_WithoutAddress_IsAnError()
    {
        await using var lab = new Lab();
        Assert.That(Of(await RunAsync(lab, NewWindows(), "teredo.example.net"), FindingIds.ServerNotResolved).Severity, Is.EqualTo(FindingSeverity.Error));
    }

    [Test]
    public async Task Cancelled_EndsAtOnce_WhateverIsBeingRead()
    {
        await using var lab = new Lab();
        using var blocked = new ManualResetEventSlim();
        using var caller = new CancellationTokenSource();
        var windows = NewWindows();
        var isReading = new TaskCompletionSource();
        windows.OnCall = _ =>
        {
            isReading.TrySetResult();
            blocked.Wait();
        };
        var run = RunAsync(lab, windows, [Lab.ServerAddress], caller.Token);
        await isReading.Task.InTime();
        await caller.CancelAsync();
        Assert.CatchAsync<OperationCanceledException>(() => run.InTime());
        blocked.Set();
    }

    static Finding Of(TeredoDiagnosis diagnosis, string id) => diagnosis.Findings.Single(finding => finding.Id == id);

    static FakeWindows NewWindows()
    {
        var windows = new FakeWindows();
        windows.Teredo.Configuration = windows.Teredo.Configuration with { Type = TeredoType.EnterpriseClient, ServerName = Lab.ServerAddress };
        windows.Files[Program] = true;
        windows.Firewall.PlantWindowsRules();
        windows.Firewall.Plant(Exception);
        return windows;
    }

    static Task<TeredoDiagnosis> RunAsync(Lab lab, FakeWindows windows, params string[] servers) =>
        RunAsync(lab, windows, servers.Length > 0 ? servers : [Lab.ServerAddress], default);

    static Task<TeredoDiagnosis> RunAsync(Lab lab, FakeWindows windows, string[] servers, CancellationToken cancellationToken)
    {
        var node = new TeredoOptions
        {
            Provider = TeredoProvider.Windows,
            Windows = windows,
            Servers = servers,
            AllowPrivateAddresses = true,
            RegisterFirewallException = false,
            QualificationTimeout = TimeSpan.FromSeconds(1),
        };
        var options = new TeredoDoctorOptions { Node = node, ProgramPath = Program };
        return new Examination(options, node.Snapshot(), lab.Network.Host("192.0.2.77"), [new WindowsProvider(windows)], [])
            .RunAsync(null, cancellationToken).InTime();
    }

    static void SetType(FakeWindows windows, TeredoType type) => windows.Teredo.Configuration = windows.Teredo.Configuration with { Type = type };

    static void Stop(FakeWindows windows, ServiceStartType start) =>
        windows.Services["iphlpsvc"] = new() { Exists = true, IsRunning = false, StartType = start };

    static TestCaseData Machine(string name, Action<FakeWindows> fault, params string[] ids) => new TestCaseData(fault, ids).SetArgDisplayNames(name);
}
