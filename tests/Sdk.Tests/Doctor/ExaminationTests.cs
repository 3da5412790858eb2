using TeredoSdk.Doctor;
using TeredoSdk.Links.Embedded;
using TeredoSdk.Protocol.Client;

namespace TeredoSdk.Tests.Doctor;

/// <summary>What a doctor says of a node that has an address, and of one that gets none.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class ExaminationTests : IAsyncDisposable
{
    readonly Lab _lab = new();

    public ValueTask DisposeAsync() => _lab.DisposeAsync();

    async Task<TeredoDiagnosis> RunAsync(Action<TeredoOptions>? configure = null, bool hasIPv4 = true)
    {
        var node = _lab.Options;
        configure?.Invoke(node);
        var machine = _lab.Network.Host("203.0.113.10");
        if (!hasIPv4)
            machine.Move(null);
        var provider = new EmbeddedProvider(new(machine, _lab.NextRandom()));
        var run = new Examination(new(), node, machine, [provider], []).RunAsync(null, default);
        return await run.InTime(); // no time passes
    }

    static string[] IdsOf(TeredoDiagnosis diagnosis) => [.. diagnosis.Findings.Select(finding => finding.Id)];

    [Test]
    public async Task SoundMachine_IsLeftAtOnce()
    {
        _lab.StartServer();
        var diagnosis = await RunAsync();
        Assert.That(IdsOf(diagnosis), Is.Empty);
        Assert.That((diagnosis.Report.State, diagnosis.Report.Provider), Is.EqualTo((TeredoState.Qualified, TeredoProvider.Embedded)));
    }

    [Test]
    public async Task MachineWithoutNetwork_IsToldOnce_InAReportWithoutAddress([Values(TeredoProvider.Auto, TeredoProvider.Embedded)] TeredoProvider asked)
    {
        _lab.StartServer();
        var diagnosis = await RunAsync(node => (node.WaitForNetwork, node.Provider) = (false, asked), hasIPv4: false);
        var report = diagnosis.Report;
        Assert.That((report.Provider, report.State, report.Reachability, report.Mapping, report.Filtering), Is.EqualTo(
            (TeredoProvider.Embedded, TeredoState.Offline, Reachability.No, MappingBehaviour.NotChecked, FilteringBehaviour.NotChecked)));
        Assert.That((report.KernelSockets, report.HasNativeIPv6, report.Sockets, report.UnrestrictedSockets, report.Peers, report.Drops.Count), Is.EqualTo((false, false, 0, 0, 0, 0)));
        Assert.That(report.Findings, Has.Exactly(1).Items);
        Assert.That(IdsOf(diagnosis), Is.EqualTo(new[] { FindingIds.Of(TeredoError.NetworkUnavailable) }));
    }

    [TestCase(60, 13, Description = "something is left of the 15 s that a doctor has")]
    [TestCase(13, 13)]
    [TestCase(6, 6)]
    public async Task Node_HasItsTime_UpToALimit(int asked, int given)
    {
        _lab.StartServer();
        TeredoOptions? settings = null;
        await RunAsync(node => (settings = node).QualificationTimeout = TimeSpan.FromSeconds(asked));
        Assert.That(settings!.QualificationTimeout, Is.EqualTo(TimeSpan.FromSeconds(given)));
    }

    [Test]
    public async Task NameThatDoesNotResolve_IsToldOnce()
    {
        var diagnosis = await RunAsync(node => (node.Servers, node.WaitForNetwork) = (["one.lab"], false));
        Assert.That(IdsOf(diagnosis), Is.EqualTo(new[] { FindingIds.ServerNotResolved }));
    }
}
