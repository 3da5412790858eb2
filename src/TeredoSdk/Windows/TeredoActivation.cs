using System.Diagnostics.CodeAnalysis;

namespace TeredoSdk.Windows;

/// <summary>What a change of Windows' Teredo did.</summary>
public sealed record TeredoActivationResult
{
    /// <summary>What was done or tried, in order, each a sentence with its outcome; empty when nothing had to be done.</summary>
    public IReadOnlyList<string> Steps { get; init => field = ValueList.Of(value); } = ValueList<string>.Empty;

    /// <summary>The machine's setting before, for <see cref="TeredoActivation.RestoreAsync"/>.</summary>
    public required TeredoConfiguration Previous { get; init; }
}

/// <summary>Switches Windows' Teredo on, the person at the machine agreeing, and back.</summary>
/// <remarks>
/// By CIM, else by netsh, else by the commands of Windows XP. What counts is what the system says afterwards, not what a call or a program said of
/// itself. Before anything is installed or enabled the person is asked. Needs an administrator; one call at a time.
/// </remarks>
public sealed class TeredoActivation
{
    /// <summary>
    /// The port that is fixed on Windows XP, where the system does not tell its own; a dynamic one that nothing else is known to use.
    /// </summary>
    internal const int XpPort = 50343;

    static readonly Version Vista = new(6, 0);

    readonly IWindowsSystem _windows;
    readonly List<string> _steps = [];

    /// <summary>That of this machine.</summary>
    /// <exception cref="PlatformNotSupportedException">This machine's system is not Windows.</exception>
    public TeredoActivation() : this(WindowsTeredo.RequireWindows())
    {
    }

    /// <summary>That of another Windows.</summary>
    /// <param name="windows">The system.</param>
    [Experimental("TEREDO001")]
    public TeredoActivation(IWindowsSystem windows)
    {
        ArgumentNullException.ThrowIfNull(windows);
        _windows = windows;
    }

    /// <summary>What was done or tried since the last call began, each a sentence with its outcome; also when it failed.</summary>
    public IReadOnlyList<string> Steps => [.. _steps];

    /// <summary>Switches Teredo on, unless it is on. Its setting survives a restart, and the caller's program.</summary>
    /// <param name="server">The server to use, a host name or an IPv4 address; null for what is set.</param>
    /// <param name="consent">
    /// Asks the person before each thing that is installed or enabled; null when nobody can be asked: then nothing is done.
    /// </param>
    /// <param name="cancellationToken">Gives up between two steps; what is done stays.</param>
    /// <exception cref="TeredoException">
    /// The server is no server (<see cref="TeredoError.NoServer"/>), nobody can be asked, or something that can't be changed here keeps Teredo off
    /// (the error says what and how to switch it on), rights are missing (<see cref="TeredoError.AccessDenied"/>, with the command), the person said
    /// no (<see cref="TeredoError.ConsentRefused"/>), or no way had the outcome it should have (<see cref="TeredoError.SetupFailed"/>).
    /// <see cref="Steps"/> has what was done.
    /// </exception>
    public async Task<TeredoActivationResult> EnableAsync(string? server, Func<ConsentRequest, CancellationToken, ValueTask<bool>>? consent,
        CancellationToken cancellationToken)
    {
        _steps.Clear();
        CheckServer(server);
        var switches = await TeredoSwitches.ReadAsync(_windows, cancellationToken).ConfigureAwait(false);
        var previous = switches.Configuration;
        if (switches.IsOn == true && IsAt(switches, server))
            return new() { Steps = [], Previous = previous };
        var steps = new ActivationSteps(_windows, _steps, AskOrRefuse(consent, switches));
        RefuseWhatStays(switches);
        RequireElevation(TeredoCommands.Enable(_windows.Version, server));
        if (switches.Obstacles.Any(obstacle => obstacle.Error == TeredoError.IPv6Disabled))
            await steps.InstallIPv6Async(cancellationToken).ConfigureAwait(false);
        if (switches.Obstacles.Any(obstacle => obstacle.Error == TeredoError.ServiceStopped))
            await steps.StartServiceAsync("iphlpsvc", cancellationToken).ConfigureAwait(false);
        switches = await TeredoSwitches.ReadAsync(_windows, cancellationToken).ConfigureAwait(false);
        if (switches.IsOn != true || !IsAt(switches, server))
            await steps.EnableTeredoAsync(server, previous, found => found.IsOn == true && IsAt(found, server), cancellationToken)
                .ConfigureAwait(false);
        if (_windows.Version < Vista)
            await steps.OpenPortAsync(XpPort, cancellationToken).ConfigureAwait(false);
        return new() { Steps = Steps, Previous = previous };
    }

    /// <summary>Sets the type and the server as they were before. IPv6 stays installed, and services keep running.</summary>
    /// <param name="previous">
    /// What <see cref="EnableAsync"/> returned. A type that was not known becomes <see cref="TeredoType.Default"/>, a server that was not known
    /// stays.
    /// </param>
    /// <param name="cancellationToken">Gives up between two steps.</param>
    /// <returns>The steps, each with its outcome.</returns>
    /// <exception cref="TeredoException">
    /// Rights are missing (<see cref="TeredoError.AccessDenied"/>, with the command), or it did not come about
    /// (<see cref="TeredoError.SetupFailed"/>).
    /// </exception>
    public async Task<IReadOnlyList<string>> RestoreAsync(TeredoConfiguration previous, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(previous);
        _steps.Clear();
        CheckServer(previous.ServerName);
        var type = previous.Type ?? TeredoType.Default;
        var now = (await TeredoSwitches.ReadAsync(_windows, cancellationToken).ConfigureAwait(false)).Configuration;
        if (IsRestored(now))
            return [];
        RequireElevation(TeredoCommands.Set(_windows.Version, type, previous.ServerName));
        await new ActivationSteps(_windows, _steps, static (_, _) => ValueTask.FromResult(true))
            .RestoreAsync(type, previous.ServerName, found => IsRestored(found.Configuration), cancellationToken).ConfigureAwait(false);
        return Steps;

        // netsh does not tell the server of a client that is disabled.
        bool IsRestored(TeredoConfiguration configuration) => configuration.Type == type
            && (previous.ServerName is null || configuration.ServerName is null || IsSameServer(configuration.ServerName, previous.ServerName));
    }

    /// <exception cref="TeredoException"><see cref="TeredoError.NoServer"/>.</exception>
    static void CheckServer(string? server)
    {
        if (server is not null && !ServerName.IsForWindows(server))
            throw new TeredoException(TeredoError.NoServer,
                $"'{server}' is no Teredo server for Windows; expected a host name of letters, digits, dots and hyphens, or an IPv4 address.");
    }

    static bool IsAt(TeredoSwitches switches, string? server) => server is null || IsSameServer(switches.ServerName, server);

    // netsh ends a name with the dot of the root.
    internal static bool IsSameServer(string? one, string? other) =>
        string.Equals(one?.TrimEnd('.'), other?.TrimEnd('.'), StringComparison.OrdinalIgnoreCase);

    static Func<ConsentRequest, CancellationToken, ValueTask<bool>> AskOrRefuse(Func<ConsentRequest, CancellationToken, ValueTask<bool>>? consent,
        TeredoSwitches switches)
    {
        if (consent is not null)
            return consent;
        switches.ThrowIfOff();
        throw new TeredoException(TeredoError.ConsentRefused,
            $"Nobody can be asked whether Windows' Teredo may be changed. Set {nameof(TeredoOptions)}.{nameof(TeredoOptions.Consent)}, or use "
                + "teredo setup.");
    }

    // A policy or the registry would beat whatever is set here, and a service that is not there can't be started.
    void RefuseWhatStays(TeredoSwitches switches)
    {
        bool canInstall = _windows.Version < Vista;
        if (switches.Obstacles.FirstOrDefault(obstacle => obstacle.Error is TeredoError.TeredoDisabledByPolicy or TeredoError.TeredoDisabledByRegistry
            || (obstacle.Error == TeredoError.IPv6Disabled && !canInstall)
            || (obstacle.Error == TeredoError.ServiceStopped && !_windows.ReadService("iphlpsvc").ValueOrDefault.Exists)) is { } stays)
            throw new TeredoException(stays.Error, stays.Problem);
    }

    void RequireElevation(IReadOnlyList<string> command)
    {
        if (!_windows.IsElevated)
            throw new TeredoException(TeredoError.AccessDenied,
                $"Changing Windows' Teredo needs an administrator. In an elevated prompt: {TeredoCommands.Text(command)}.");
    }
}
