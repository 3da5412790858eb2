using System.Diagnostics;
using TeredoSdk.Windows.Activation;
using TeredoSdk.Windows.Native.Netsh;

namespace TeredoSdk.Windows.Doctor;

/// <summary>Asks a Windows everything that the SDK ever asks, and wakes its Teredo client once.</summary>
/// <param name="windows">The system.</param>
/// <param name="programPath">The program whose firewall exception is judged; null for none.</param>
/// <param name="patience">How long the client may take after the wake.</param>
sealed class MachineReader(IWindowsSystem windows, string? programPath, TimeSpan patience)
{
    static readonly string[] Services = ["iphlpsvc", "mpssvc", "wscsvc", "tcpip6", "dnscache", "bfe"];
    static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);

    readonly List<CallFact> _calls = [];

    /// <param name="probes">Whether a rule is written, read back and removed.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<MachineFacts> ReadAsync(bool probes, CancellationToken cancellationToken)
    {
        var before = await ReadClientAsync(cancellationToken).ConfigureAwait(false);
        var firewall = windows.Firewall;
        var facts = new MachineFacts
        {
            SdkVersion = typeof(MachineReader).Assembly.GetName().Version!.ToString(),
            WindowsVersion = windows.Version.ToString(),
            IsElevated = windows.IsElevated,
            ProgramPath = programPath,
            ProgramExists = programPath is not null && windows.FileExists(programPath),
            Services = Services.ToDictionary(name => name, name => Ask($"ReadService {name}", () => windows.ReadService(name))),
            Registry = [.. TeredoSwitches.RegistryValues.Select(value => ReadRegistry(value.Key, value.Name))],
            Configuration = Ask("ReadConfiguration", windows.ReadConfiguration),
            CimText = Ask("ReadCimText", windows.ReadCimText),
            Adapters = Ask("ReadAdapters", windows.ReadAdapters),
            Firewall = new(
                Ask("Firewall.ReadStatus", firewall.ReadStatus), Ask("Firewall.ReadProducts", firewall.ReadProducts),
                Ask("Firewall.ReadRules", firewall.ReadRules), Ask("ReadFirewallHealth", windows.ReadFirewallHealth),
                Ask("ReadEdgeTraversalFilters", windows.ReadEdgeTraversalFilters)),
            Before = before,
            Wake = await WakeAsync(cancellationToken).ConfigureAwait(false),
            After = await AwaitAsync(cancellationToken).ConfigureAwait(false),
            TeredoPort = Ask("ReadTeredoPort", windows.ReadTeredoPort),
            Listeners = Ask("ReadListeners", windows.ReadListeners),
            Calls = _calls,
        };
        return probes ? facts with { Probe = await new RuleProbe(windows, patience).RunAsync(cancellationToken).ConfigureAwait(false) } : facts;
    }

    /// <summary>The client's state: CIM's, else netsh's; where neither tells it, a listed address has to do.</summary>
    public static TeredoStatus? StatusOf(ClientFacts client) => client.Cim.Reason is null ? client.Cim.Value
        : client.Netsh is { Reason: null, Value: { } printed } ? NetshTeredoState.Parse(printed.Text)
        : client.Addresses.Value is { } addresses && WindowsAddresses.FindTeredo(addresses) is { IsTunnel: true } ? new() { State = TeredoClientState.Qualified } : null;

    async Task<ClientFacts> ReadClientAsync(CancellationToken cancellationToken)
    {
        var netsh = await AskAsync("RunNetshAsync", () => windows.RunNetshAsync(TeredoCommands.Show(windows.Version), cancellationToken)).ConfigureAwait(false);
        return new(Ask("ReadStatus", windows.ReadStatus), netsh, Ask("ReadAddresses", windows.ReadAddresses));
    }

    async Task<WakeFact> WakeAsync(CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(patience);
        var woken = await AskAsync("WakeAsync", async () =>
        {
            try
            {
                return await windows.WakeAsync(limit.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                return Reading.Of(false); // it waits for an address, which does not come
            }
        }).ConfigureAwait(false);
        return new(woken.Reason, _calls[^1].Milliseconds);
    }

    // Reads the client until it has come to an end of some kind, or the patience is over.
    async Task<ClientFacts> AwaitAsync(CancellationToken cancellationToken)
    {
        long start = Stopwatch.GetTimestamp();
        while (true)
        {
            var client = await ReadClientAsync(cancellationToken).ConfigureAwait(false);
            if (StatusOf(client) is { State: TeredoClientState.Qualified or TeredoClientState.Offline or TeredoClientState.Inactive }
                || Stopwatch.GetElapsedTime(start) > patience)
                return client;
            await Task.Delay(Pause < patience ? Pause : patience, cancellationToken).ConfigureAwait(false);
        }
    }

    RegistryFact ReadRegistry(string key, string name)
    {
        var value = Ask($@"ReadRegistry HKLM\{key}\{name}", () => windows.ReadRegistry(key, name));
        return new(key, name, value.Value as int?, value.Value as string, value.Reason);
    }

    Told<T> Ask<T>(string name, Func<Reading<T>> ask)
    {
        long start = Stopwatch.GetTimestamp();
        var reading = ask();
        Note(name, start, reading.Reason);
        return Told.Of(reading);
    }

    async Task<Told<T>> AskAsync<T>(string name, Func<Task<Reading<T>>> ask)
    {
        long start = Stopwatch.GetTimestamp();
        var reading = await ask().ConfigureAwait(false);
        Note(name, start, reading.Reason);
        return Told.Of(reading);
    }

    void Note(string name, long start, string? reason) => _calls.Add(new(name, Math.Round(Stopwatch.GetElapsedTime(start).TotalMilliseconds, 1), reason));
}
