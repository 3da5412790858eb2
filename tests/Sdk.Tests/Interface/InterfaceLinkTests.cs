using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using TeredoSdk.Links;
using TeredoSdk.Links.Embedded;
using TeredoSdk.Links.Interface;
using TeredoSdk.Protocol;
using TeredoSdk.Protocol.Client;
using TeredoSdk.Telemetry;

namespace TeredoSdk.Tests.Interface;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class InterfaceLinkTests : IDisposable
{
    const string One = "2001:0:4136:e378:0:63bf:f7f7:f7f7", Other = "2001:0:4136:e378:0:63be:f7f7:f7f7";

    readonly Recorder _log = new();
    InterfaceTable _table = new();

    [SetUp]
    public void MakeTable() => _table = new();

    public void Dispose() => _log.Dispose();

    Task<TeredoNode> StartAsync(TeredoProvider provider = TeredoProvider.Interface, bool isLastResort = false)
    {
        var options = new TeredoOptions { Provider = provider, Servers = ["127.0.0.1"], AllowPrivateAddresses = true };
        (options.NativeIPv6, options.LoggerFactory) = (NativeIPv6Mode.Instead, _log);
        ITeredoProvider[] providers = [new InterfaceProvider(_table, _table, isLastResort), new EmbeddedProvider(new(_table, CryptographicRandom.Instance))];
        return TeredoNode.StartAsync(options.Snapshot(), providers, default);
    }

    [Test]
    public async Task Report_TellsWhatTheAddressTells_AndThatTheRestIsNotChecked()
    {
        _table.Set(One);
        await using var node = await StartAsync(TeredoProvider.Auto);
        var report = node.Report;
        Assert.Multiple(() =>
        {
            Assert.That(report.Provider, Is.EqualTo(TeredoProvider.Interface));
            Assert.That(report.State, Is.EqualTo(TeredoState.Qualified));
            Assert.That(report.Address, Is.EqualTo(IPAddress.Parse(One)));
            Assert.That(report.Server, Is.EqualTo(IPAddress.Parse("65.54.227.120")));
            Assert.That(report.MappedEndPoint, Is.EqualTo(IPEndPoint.Parse("8.8.8.8:40000")));
            Assert.That(report.Mapping, Is.EqualTo(MappingBehaviour.NotChecked));
            Assert.That(report.Reachability, Is.EqualTo(Reachability.NotChecked));
            Assert.That(report.KernelSockets, Is.True);
            Assert.That((report.MtuOctets, report.Peers, report.Sockets, report.UnrestrictedSockets), Is.EqualTo((1280, 0, 0, 0)));
            Assert.That(report.Findings, Is.Empty);
        });
    }

    [Test]
    public async Task Report_OfAnAddressThatIsLost_TellsNothingOfIt()
    {
        _table.Set(One);
        var node = await StartAsync();
        _table.Candidates.Clear();
        _table.Change();
        var report = node.Report;
        Assert.That((report.State, report.Address, report.Server, report.MappedEndPoint), Is.EqualTo((TeredoState.Offline, (IPAddress?)null, (IPAddress?)null, (IPEndPoint?)null)));
        Assert.That(report.Reachability, Is.EqualTo(Reachability.No));
        Assert.That(report.Findings, Has.Exactly(1).Items);
        await node.DisposeAsync();
    }

    [Test]
    public async Task Report_OfAnEndedNode_SaysStopped_WhateverTheInterfaceDoes()
    {
        _table.Set(One);
        _table.Candidates[0] = _table.Candidates[0] with { MtuOctets = 0 };
        var node = await StartAsync();
        Assert.That(node.Report.MtuOctets, Is.Null, "not known");
        Assert.That((await node.CheckReachabilityAsync()).Finding, Is.Not.Null, "another program's mapping can't be asked about");
        await node.DisposeAsync();
        _table.Set(Other);
        _table.Change();
        Assert.That((node.Report.State, node.Report.Reachability), Is.EqualTo((TeredoState.Stopped, Reachability.No)));
        Assert.That(node.Report.Address, Is.EqualTo(IPAddress.Parse(One)));
    }

    [Test]
    public async Task ReportThatIsAskedFor_LooksAnew_WithoutNewsOfTheNetwork()
    {
        _table.Set(One);
        await using var node = await StartAsync();
        _table.Set(Other);
        Assert.That(node.Report.Address, Is.EqualTo(IPAddress.Parse(One)));
        Assert.That((await node.GetReportAsync()).Address, Is.EqualTo(IPAddress.Parse(Other)));
        Assert.That(node.Report.Address, Is.EqualTo(IPAddress.Parse(Other)));
    }

    [Test]
    public async Task CallThatWasGivenUpBefore_OpensNothing()
    {
        _table.Set(One);
        await using var node = await StartAsync();
        var givenUp = new CancellationToken(canceled: true);
        foreach (var call in new Func<Task>[]
        {
            () => node.ListenAsync(0, givenUp), () => node.BindDatagramAsync(0, givenUp), () => node.PingAsync(IPAddress.Parse(Other), TimeSpan.FromSeconds(1), givenUp),
        })
            Assert.That(async () => await call().InTime(), Throws.InstanceOf<OperationCanceledException>());
        Assert.That(node.Report.Sockets, Is.Zero);
    }

    [Test]
    public void Auto_WithoutAnInterface_GoesOnToTheNextProvider() =>
        Assert.That(Assert.ThrowsAsync<TeredoException>(() => StartAsync(TeredoProvider.Auto))!.Error, Is.EqualTo(TeredoError.NotSupported),
            "the embedded engine's own refusal of NativeIPv6Mode.Instead");

    // On Linux: the interface's firewall may let nobody in.
    [Test]
    public async Task Auto_WhereTheInterfaceIsTheLastResort_TakesItWhenNothingElseGetsAnAddress()
    {
        _table.Set(One);
        await using var node = await StartAsync(TeredoProvider.Auto, isLastResort: true);
        Assert.That(node.Report.Provider, Is.EqualTo(TeredoProvider.Interface));
        Assert.That(node.Report.PassedOver.Select(passed => passed.Way), Is.EqualTo(new[] { "Embedded" }));
    }

    [Test]
    public async Task Auto_WhereTheInterfaceIsTheLastResort_PrefersTheEmbeddedEngine_AndTellsWhy()
    {
        _table.Set(One);
        await using var lab = new Lab();
        lab.StartServer();
        var options = lab.Options;
        options.Provider = TeredoProvider.Auto;
        ITeredoProvider[] providers =
            [new InterfaceProvider(_table, _table, isLastResort: true), new EmbeddedProvider(new(lab.Network.Host("203.0.113.10"), CryptographicRandom.Instance))];
        await using var node = await TeredoNode.StartAsync(options.Snapshot(), providers, default).InTime();
        Assert.That(node.Report.Provider, Is.EqualTo(TeredoProvider.Embedded));
        Assert.That(node.Report.PassedOver[0].Way, Is.EqualTo("Interface"));
        Assert.That(node.Report.PassedOver[0].Reason, Does.Contain(One).And.Contain("firewall").And.Contain(nameof(TeredoProvider.Interface)));
    }

    [Test]
    public void Auto_WhereNothingGetsAnAddress_TellsWhatTheEmbeddedEngineLacks() =>
        Assert.That(Assert.ThrowsAsync<TeredoException>(() => StartAsync(TeredoProvider.Auto, isLastResort: true))!.Error, Is.EqualTo(TeredoError.NotSupported));

    [Test]
    public void Interface_AskedForWhereThereIsNone_IsUnavailable() =>
        Assert.That(Assert.ThrowsAsync<TeredoException>(() => StartAsync())!.Error, Is.EqualTo(TeredoError.InterfaceUnavailable));

    [Test]
    public async Task Address_ChangedLostAndRegained_IsTold()
    {
        _table.Set(One);
        await using var node = await StartAsync();
        await using var changes = node.StateChanges.GetAsyncEnumerator();

        _table.Change(); // nothing did
        _table.Set(Other);
        _table.Change();
        Assert.That(await changes.NextAsync(), Is.EqualTo(Change(TeredoStateChangeKind.AddressChanged, Other, One)));

        _table.Candidates.Clear();
        _table.Change();
        Assert.That(await changes.NextAsync(), Is.EqualTo(Change(TeredoStateChangeKind.Lost, null, Other)));
        Assert.That(node.Address, Is.Null);
        Assert.That(node.Report.State, Is.EqualTo(TeredoState.Offline));
        Assert.That(node.Report.Error, Is.EqualTo(TeredoError.InterfaceUnavailable));
        Assert.That(Assert.ThrowsAsync<TeredoException>(() => node.ListenAsync(0))!.Error, Is.EqualTo(TeredoError.NoAddress));

        _table.Set(One);
        _table.Change();
        Assert.That(await changes.NextAsync(), Is.EqualTo(Change(TeredoStateChangeKind.Regained, One, Other)));
        Assert.That(node.Report.Problem, Is.Null);
        Assert.That(_log.Of(EventIds.AddressChanged), Has.Exactly(1).Items.And.All.Contains(Other));
        Assert.That(_log.Of(EventIds.AddressLost), Has.Exactly(1).Items.And.All.Contains(Other));
        Assert.That(_log.Of(EventIds.InterfaceFound).Last(), Does.Contain(One));
    }

    [Test]
    [Platform("Linux")]
    public async Task Sockets_StayWithTheInterface_WhateverItsAddress_AndEndWithIt()
    {
        void Set(int index, string address)
        {
            _table.Candidates.Clear();
            _table.Candidates.Add(new("lo", index, 1280, Protocol.IPv6Address.Parse(address)));
            _table.Source = IPAddress.Parse(address);
            _table.Change();
        }

        Set(1, One);
        await using var node = await StartAsync();
        await using var socket = await node.BindDatagramAsync(0);
        Assert.That((node.Report.Sockets, socket.TeredoEndPoint?.Address), Is.EqualTo((1, IPAddress.Parse(One))));
        Set(1, Other);
        Assert.That((node.Report.Sockets, socket.TeredoEndPoint?.Address), Is.EqualTo((1, IPAddress.Parse(Other))));
        Set(2, Other); // of the same name, made anew
        Assert.That((node.Report.Sockets, socket.TeredoEndPoint), Is.EqualTo((0, (IPEndPoint?)null)));
        await using var next = await node.BindDatagramAsync(0);
        Assert.That(next.TeredoEndPoint?.Address, Is.EqualTo(IPAddress.Parse(Other)));
    }

    [Test]
    public async Task Address_ChangedBeforeTheLinkLooked_IsTheNewOne()
    {
        _table.Set(One);
        var options = new TeredoOptions { AllowPrivateAddresses = true };
        var search = new InterfaceSearch(_table, options.AllowPrivateAddresses);
        var found = search.Find(out _)!;
        _table.Set(Other);
        await using var link = new InterfaceLink(options, search, found, _table, [], NullLogger.Instance);
        Assert.That(link.Address, Is.EqualTo(IPAddress.Parse(Other)));
    }

    static TeredoStateChange Change(TeredoStateChangeKind kind, string? address, string? previous) =>
        new()
        {
            Kind = kind,
            Address = address is null ? null : IPAddress.Parse(address),
            PreviousAddress = previous is null ? null : IPAddress.Parse(previous),
        };
}
