using TeredoSdk.Windows.Doctor;
using TeredoSdk.Windows.Native.Netsh;

namespace TeredoSdk.Windows.Activation;

/// <summary>The steps of <see cref="TeredoActivation"/>. Each asks for consent, acts, reads the result back, and notes the outcome.</summary>
sealed class ActivationSteps(IWindowsSystem windows, TimeProvider time, List<string> steps, Func<ConsentRequest, CancellationToken, ValueTask<bool>> consent)
{
    static readonly Version Vista = new(6, 0);

    /// <summary>Said when only a way that may not last had an effect; null otherwise.</summary>
    public Finding? Reservation { get; private set; }

    public async Task InstallIPv6Async(CancellationToken cancellationToken)
    {
        string command = TeredoCommands.Text(TeredoCommands.InstallIPv6);
        await AskAsync(ConsentKind.InstallIPv6, "Install IPv6 on this machine, so that Teredo can give it an address that other machines reach? "
            + "To undo it, run netsh interface ipv6 uninstall.", command, cancellationToken).ConfigureAwait(false);
        await RunAsync(TeredoCommands.InstallIPv6, cancellationToken).ConfigureAwait(false);
        bool isThere = (await ReadServiceAsync("tcpip6", cancellationToken).ConfigureAwait(false)).Exists;
        Note(command, isThere ? "IPv6 is installed." : "IPv6 is still not installed.");
        if (!isThere)
            throw Failed($"IPv6 is not installed after {command}. Run it as an administrator and restart Windows.");
    }

    public async Task StartServiceAsync(string name, CancellationToken cancellationToken)
    {
        bool isDisabled = (await ReadServiceAsync(name, cancellationToken).ConfigureAwait(false)).IsDisabled;
        string command = isDisabled ? $"{TeredoCommands.Sc} config {name} start= auto, then net start {name}" : $"net start {name}";
        string undo = isDisabled ? $"To undo it, run {TeredoCommands.Sc} config {name} start= disabled, then net stop {name}." : $"To undo it, run net stop {name}.";
        await AskAsync(ConsentKind.StartService, $"Start the service {name} (IP Helper), which runs Windows' Teredo?"
            + $"{(isDisabled ? " It is disabled; it will be set to start with Windows, which is its default." : "")} {undo}", command, cancellationToken).ConfigureAwait(false);
        if (isDisabled)
        {
            // The default of iphlpsvc. On demand it would not run after the next start.
            await ChangeAsync(() => windows.SetServiceStart(name, ServiceStartType.Automatic), cancellationToken).ConfigureAwait(false);
        }
        await PatientCall.RunAsync(() => windows.StartServiceAsync(name, cancellationToken), time, cancellationToken).ConfigureAwait(false);
        bool runs = (await ReadServiceAsync(name, cancellationToken).ConfigureAwait(false)).IsRunning;
        Note(command, runs ? "The service runs." : "The service does not run.");
        if (!runs)
            throw new TeredoException(TeredoError.ServiceStopped, $"The service {name} does not run although it was started. Look for the cause in the "
                + "system's event log.");
    }

    /// <summary>Tries several ways to enable Teredo, one after the other, until the system says that Teredo is on.</summary>
    public async Task EnableTeredoAsync(string? server, TeredoConfiguration previous, Predicate<TeredoSwitches> isDone,
        CancellationToken cancellationToken)
    {
        string command = TeredoCommands.Text(TeredoCommands.Enable(windows.Version, server));
        var off = previous.Type ?? (windows.Version < Vista ? TeredoType.Disabled : TeredoType.Default);
        string undo = TeredoCommands.Text(TeredoCommands.Set(windows.Version, off, server is null ? null : previous.ServerName));
        string with = server is null ? "" : $" with the server {server}";
        await AskAsync(ConsentKind.EnableTeredo, $"Enable Windows' Teredo{with}? This machine then gets a public IPv6 address, at which programs "
            + $"that ask for it can be reached; the firewall stays in force. To undo it, run {undo}.", command, cancellationToken).ConfigureAwait(false);
        List<IReadOnlyList<string>> commands = windows.Version < Vista ? [TeredoCommands.EnableXp(server)]
            : [
                TeredoCommands.Enable(windows.Version, server),
                TeredoCommands.Set(windows.Version, TeredoType.Client, server),
                TeredoCommands.EnableXp(server),
            ];
        var configuration = new TeredoConfiguration { Type = TeredoType.EnterpriseClient, ServerName = server };
        if (!await TryAllAsync(configuration, commands, isDone, cancellationToken).ConfigureAwait(false))
            throw Failed($"Windows' Teredo is still off after all ways to enable it were tried: {string.Join(" ", steps)} Run {command} in an elevated "
                + "prompt; its output may say why.");
    }

    public async Task RestoreAsync(TeredoType type, string? server, Predicate<TeredoSwitches> isDone, CancellationToken cancellationToken)
    {
        var command = TeredoCommands.Set(windows.Version, type, server);
        // Twice, since CIM, which is tried next, may restore the active store only: then the next start would bring back what the setup had made.
        if (!await TryAllAsync(new() { Type = type, ServerName = server }, [command, command], isDone, cancellationToken).ConfigureAwait(false))
            throw Failed($"Windows' Teredo could not be restored. In an elevated prompt, run {TeredoCommands.Text(command)}.");
    }

    /// <summary>Opens the Teredo client's port for all programs, because the firewall of Windows XP has no edge traversal.</summary>
    public async Task OpenPortAsync(int portToFix, CancellationToken cancellationToken)
    {
        int port = await FindPortAsync(portToFix, cancellationToken).ConfigureAwait(false);
        if (await IsOpenAsync(port, cancellationToken).ConfigureAwait(false))
            return;
        string command = $"netsh firewall add portopening protocol=UDP port={port} name=Teredo";
        await AskAsync(ConsentKind.OpenPort, $"Open UDP port {port} in the firewall, so that Teredo can reach this machine? The port is then open for all "
            + $"programs. To undo it, run netsh firewall delete portopening protocol=UDP port={port}.", command, cancellationToken)
            .ConfigureAwait(false);
        await ChangeAsync(() => windows.Firewall.AddOpenPort(new() { Name = "Teredo", Port = port, Protocol = FirewallProtocol.Udp }), cancellationToken)
            .ConfigureAwait(false);
        bool isOpen = await IsOpenAsync(port, cancellationToken).ConfigureAwait(false);
        Note($"Opening UDP port {port}", isOpen ? "It is open." : "It is not open.");
        if (!isOpen)
            throw Failed($"UDP port {port} is not open in the firewall. Run {command} as an administrator.");
    }

    async Task<bool> TryAllAsync(TeredoConfiguration configuration, IReadOnlyList<IReadOnlyList<string>> commands, Predicate<TeredoSwitches> isDone,
        CancellationToken cancellationToken)
    {
        foreach (var command in commands)
            if (await TryAsync(TeredoCommands.Text(command), () => RunAsync(command, cancellationToken), isDone, cancellationToken).ConfigureAwait(false))
                return true;
        // netsh writes what lasts. A change through CIM may reach the active store only, and be gone after the next start (Set-NetTeredoConfiguration).
        if (!(await PatientCall.AskAsync(windows.ReadConfiguration, time, cancellationToken).ConfigureAwait(false)).IsKnown
            || !await TryAsync("By CIM, which may last until the next start only", () => WriteAsync(configuration, cancellationToken), isDone, cancellationToken)
                .ConfigureAwait(false))
            return false;
        Reservation = ClientFindings.MayNotLast(configuration.Type!.Value, configuration.ServerName);
        return true;
    }

    // Success is judged by reading the settings back; a way's own output is only noted, because netsh's exit code is 0 for many failures.
    async Task<bool> TryAsync(string way, Func<Task<string?>> act, Predicate<TeredoSwitches> isDone, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        string? complaint = await act().ConfigureAwait(false);
        var found = await TeredoSwitches.ReadAsync(windows, time, cancellationToken).ConfigureAwait(false);
        bool done = isDone(found);
        string now = found.Type is { } type ? TeredoCommands.Word(type) : "not known";
        string server = found.ServerName is { } name ? $", its server {name}" : "";
        Note(way, done ? $"Teredo is set to {now}." : $"Without effect: Teredo is {now}{server}. {complaint}");
        return done;
    }

    async Task<string?> WriteAsync(TeredoConfiguration configuration, CancellationToken cancellationToken)
    {
        try
        {
            await ChangeAsync(() => windows.WriteConfiguration(configuration), cancellationToken).ConfigureAwait(false);
            return null;
        }
        catch (TeredoException e)
        {
            return e.Message;
        }
    }

    async Task<string?> RunAsync(IReadOnlyList<string> command, CancellationToken cancellationToken)
    {
        var output = await PatientCall.RunAsync(() => windows.RunNetshAsync(command, cancellationToken), time, cancellationToken).ConfigureAwait(false);
        return output.TryGet(out var printed) ? printed.Text.Trim().ReplaceLineEndings(" ") : output.Reason;
    }

    // Returns the port that is set already, or sets one.
    async Task<int> FindPortAsync(int portToFix, CancellationToken cancellationToken)
    {
        if ((await TeredoSwitches.ReadAsync(windows, time, cancellationToken).ConfigureAwait(false)).Configuration.ClientPort is > 0 and var set)
            return set;
        await RunAsync(TeredoCommands.SetPortXp(portToFix), cancellationToken).ConfigureAwait(false);
        var found = (await TeredoSwitches.ReadAsync(windows, time, cancellationToken).ConfigureAwait(false)).Configuration.ClientPort;
        Note(TeredoCommands.Text(TeredoCommands.SetPortXp(portToFix)), found == portToFix ? "The port is fixed." : "The system does not say "
            + "whether the port is fixed.");
        return portToFix;
    }

    async Task<bool> IsOpenAsync(int port, CancellationToken cancellationToken) =>
        (await PatientCall.AskAsync(() => windows.Firewall.ReadOpenPorts(), time, cancellationToken).ConfigureAwait(false)).ValueOrDefault?
            .Any(open => open is { Enabled: true, Protocol: FirewallProtocol.Udp } && open.Port == port) == true;

    async Task<WindowsService> ReadServiceAsync(string name, CancellationToken cancellationToken) =>
        (await PatientCall.AskAsync(() => windows.ReadService(name), time, cancellationToken).ConfigureAwait(false)).ValueOrDefault;

    Task ChangeAsync(Action change, CancellationToken cancellationToken) => PatientCall.ChangeAsync(change, time, cancellationToken);

    async Task AskAsync(ConsentKind kind, string question, string command, CancellationToken cancellationToken)
    {
        if (await consent(new() { Kind = kind, Question = question, Command = command }, cancellationToken).ConfigureAwait(false))
            return;
        Note(command, "Not done, because consent was refused.");
        throw new TeredoException(TeredoError.ConsentRefused, $"Consent was refused, so this was not done: {question} To do it by hand, run in an "
            + $"elevated prompt: {command}.");
    }

    void Note(string what, string outcome) => steps.Add($"{what}: {outcome}".TrimEnd());

    static TeredoException Failed(string message) => new(TeredoError.SetupFailed, message);
}
