using TeredoSdk.Links;
using TeredoSdk.Machine;
using TeredoSdk.Protocol;
using TeredoSdk.Protocol.Client;
using TeredoSdk.Windows;
using TeredoSdk.Windows.Doctor;

namespace TeredoSdk.Doctor;

/// <summary>One look at a machine: the questions for its system, its servers and a node, and the diagnosis that follows from the answers.</summary>
/// <param name="options">What to look at.</param>
/// <param name="node">The settings of the node.</param>
/// <param name="network">The machine's network.</param>
/// <param name="providers">The node's providers.</param>
/// <param name="machine">The questions for the machine.</param>
sealed class Examination(TeredoDoctorOptions options, TeredoOptions node, IHostNetwork network, IReadOnlyList<ITeredoProvider> providers,
    IReadOnlyList<Probe> machine)
{
    // Something is left for what comes after the node's last attempt.
    static readonly TimeSpan Patience = Probes.Limit - TimeSpan.FromSeconds(2);
    static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    // A silent router is given up after 3 s. Strangers are looked for in up to 12 s.
    readonly TimeSpan _patienceForPort = TimeSpan.FromSeconds(options.CheckReachability ? 2 : 4);
    readonly long _begin = node.TimeProvider.GetTimestamp();
    volatile TeredoReport? _report;
    volatile WindowsReport? _windows;
    volatile Finding? _failure; // why the node has no address

    public async Task<TeredoDiagnosis> RunAsync(IProgress<string>? progress, CancellationToken cancellationToken)
    {
        (node.Consent, node.RegisterFirewallException) = (null, false); // it only looks
        node.WaitForNetwork = false;
        if (node.QualificationTimeout > Patience)
            node.QualificationTimeout = Patience;
        List<Probe> probes = [.. machine];
        if (node.Windows is { } windows)
            probes.Add(new("Windows", token => AskWindowsAsync(windows, token)));
        probes.Add(new("the Teredo servers", new ServerProbe(node, network).AskAsync));
        probes.Add(new("a node of this machine", AskNodeAsync));
        var answers = await Probes.AskAsync(probes, progress, node.TimeProvider, cancellationToken).ConfigureAwait(false);

        var report = _report ?? WithoutAddress(_failure);
        bool needsWindows = report.Address is null ? node.Provider is TeredoProvider.Auto or TeredoProvider.Windows : report.Provider == TeredoProvider.Windows;
        var findings = answers.Concat(OfWindows(needsWindows)).ToList();
        if (_failure is { } failure && !findings.Exists(finding => Explains(finding, failure)))
            findings.Add(failure);
        return new()
        {
            Report = report with { Windows = _windows ?? report.Windows },
            Findings = CauseFirst.Of(findings.Concat(NodeFindings.Of(report, options.Peer))),
        };
    }

    async Task<IReadOnlyList<Finding>> AskWindowsAsync(IWindowsSystem windows, CancellationToken cancellationToken)
    {
        (_windows, var program) = await WindowsTeredo.ReadAsync(windows, options.ProgramPath, cancellationToken).ConfigureAwait(false);
        var exception = options.ProgramPath is not null ? FirewallAdvice.Of(program, node.SetupCommand) : null;
        var surroundings = SurroundingFindings.Of(windows, exception, options.ProgramPath);
        return exception?.Finding is { } lacking ? [lacking, .. surroundings] : surroundings;
    }

    // What Windows' Teredo lacks is no error of a node that has its address from elsewhere. Whether a program has an exception is asked with its path.
    // What can't be read is worth a note: who lacks a cause finds there what may hide it.
    IEnumerable<Finding> OfWindows(bool isNeeded) => (_windows?.Findings ?? []).Concat((_report?.Windows?.Findings ?? []).Where(finding => finding.Id == FindingIds.TeredoMtu)) // known once there is an address
        .Where(finding => finding.Severity != FindingSeverity.Note || !finding.Id.StartsWith("firewall.", StringComparison.Ordinal)
            || finding.Id == FindingIds.FirewallEcho)
        .Select(finding => !isNeeded && finding.Severity == FindingSeverity.Error ? finding with { Severity = FindingSeverity.Warning } : finding)
        .Concat((_windows?.NotKnown ?? []).Select(reading => reading with { Severity = FindingSeverity.Note }));

    async Task<IReadOnlyList<Finding>> AskNodeAsync(CancellationToken cancellationToken)
    {
        ITeredoLink link;
        try
        {
            link = await ProviderSelection.BringUpAsync(providers, node, cancellationToken).ConfigureAwait(false);
        }
        catch (TeredoException e)
        {
            _failure = e.Finding with { Severity = FindingSeverity.Error }; // a way that was passed over is a note, the only way is not
            return [];
        }
        await using (link)
        {
            _report = await SettledAsync(link, cancellationToken).ConfigureAwait(false);
            if (!options.CheckReachability)
                return [];
            var check = await link.CheckReachabilityAsync(cancellationToken).ConfigureAwait(false);
            _report = await link.GetReportAsync(cancellationToken).ConfigureAwait(false);
            return check.Finding is { } finding ? [finding] : [];
        }
    }

    // What a router says of a port comes after the address, and decides what a symmetric NAT means.
    async Task<TeredoReport> SettledAsync(ITeredoLink link, CancellationToken cancellationToken)
    {
        long qualified = node.TimeProvider.GetTimestamp();
        while (true)
        {
            _report = await link.GetReportAsync(cancellationToken).ConfigureAwait(false);
            if (_report is not { PortMapping: PortMappingState.Asking } || _report.MappedEndPoint?.Equals(_report.LocalEndPoint) == true
                || node.TimeProvider.GetElapsedTime(qualified) >= _patienceForPort || node.TimeProvider.GetElapsedTime(_begin) >= Patience)
                return _report;
            await Task.Delay(Pause, node.TimeProvider, cancellationToken).ConfigureAwait(false);
        }
    }

    // The same thing, or what the node could not know.
    static bool Explains(Finding finding, Finding failure) => finding.Severity == FindingSeverity.Error && (finding.Id == failure.Id
        || (failure.Error is TeredoError.ServerUnreachable or TeredoError.QualificationTimeout && finding.Id == FindingIds.ServerSilent)
        || (failure.Error == TeredoError.ServerNotResolved && (finding.Id == FindingIds.ServerNotResolved || finding.Error == TeredoError.NetworkUnavailable)));

    TeredoReport WithoutAddress(Finding? failure) => new()
    {
        Provider = node.Provider == TeredoProvider.Auto ? TeredoProvider.Embedded : node.Provider,
        KernelSockets = false,
        State = TeredoState.Offline,
        Reachability = Reachability.No,
        Mapping = MappingBehaviour.NotChecked,
        Filtering = FilteringBehaviour.NotChecked,
        NatName = default(NatReport).ClassicName,
        NativeIPv6 = node.NativeIPv6,
        HasNativeIPv6 = network.Describe(new IPv4Address(0x0101_0101)).HasNativeIPv6,
        Sockets = 0,
        UnrestrictedSockets = 0,
        Peers = 0,
        Drops = new Dictionary<DropReason, long>(),
        Findings = failure is null ? [] : [failure],
    };
}
