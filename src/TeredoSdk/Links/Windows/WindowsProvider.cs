using Microsoft.Extensions.Logging;
using TeredoSdk.Telemetry;
using TeredoSdk.Windows;
using TeredoSdk.Windows.Activation;
using TeredoSdk.Windows.Firewall;

namespace TeredoSdk.Links.Windows;

/// <summary>Uses the Teredo client of Windows: switches it on when the user consents, wakes it, and holds its address.</summary>
/// <param name="windows">The system; null where the system is not Windows.</param>
sealed class WindowsProvider(IWindowsSystem? windows) : ITeredoProvider
{
    public TeredoProvider Kind => TeredoProvider.Windows;

    public Finding? NotSupported => windows is not null ? null
        : ProviderSelection.NotSupported(Kind, "This system is not Windows, so it has no Windows Teredo client.");

    public async Task<ITeredoLink> BringUpAsync(TeredoOptions options, IReadOnlyList<PassedOver> passedOver, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var log = GuardedLogger.For(LogCategories.Node, options.LoggerFactory);
        var status = new WindowsStatus(windows!);
        var steps = await SwitchOnAsync(options, status, log, cancellationToken).ConfigureAwait(false);
        var qualification = new WindowsQualification(windows!, status, options.TimeProvider, options.QualificationTimeout);
        var found = await qualification.WaitAsync(cancellationToken).ConfigureAwait(false);
        var firewall = new ProgramFirewall(windows!, options.RegisterFirewallException, options.Consent, options.SetupCommand, options.TimeProvider, log);
        var reports = new WindowsReportCache(windows!, status, firewall, options, steps);
        await reports.BeginAsync(cancellationToken).ConfigureAwait(false);
        return new WindowsLink(windows!, options, status, firewall, reports, found, passedOver, log);
    }

    // Returns the steps that were taken.
    async Task<IReadOnlyList<string>> SwitchOnAsync(TeredoOptions options, WindowsStatus status, ILogger log, CancellationToken cancellationToken)
    {
        var switches = await status.ReadSwitchesAsync(cancellationToken).ConfigureAwait(false);
        if (switches.IsOn != false)
            return [];
        if (options.Consent is null)
            switches.ThrowIfOff();
        var activation = new TeredoActivation(windows!, options.TimeProvider);
        try
        {
            await activation.EnableAsync(ServerOf(options), options.Consent, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            foreach (string step in activation.Steps)
                Log.WindowsStep(log, step);
        }
        await status.ReadSwitchesAsync(cancellationToken).ConfigureAwait(false);
        return activation.Steps;
    }

    // Windows takes one server, without a secondary address.
    static string? ServerOf(TeredoOptions options) =>
        options.Servers.Count > 0 && ServerName.TryParse(options.Servers[0], out var name) ? name.Primary : null;
}
