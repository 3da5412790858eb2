using System.Diagnostics.CodeAnalysis;
using TeredoSdk.Windows.Activation;
using TeredoSdk.Windows.Doctor;
using TeredoSdk.Windows.Native.Netsh;

namespace TeredoSdk.Windows;

/// <summary>The result of switching Windows' Teredo on.</summary>
public sealed record TeredoActivationResult
{
    internal TeredoActivationResult()
    {
    }

    /// <summary>The steps that were taken or tried, in order. Each is a sentence with its outcome. Empty when nothing had to be done.</summary>
    public IReadOnlyList<string> Steps { get; init => field = ValueList.Of(value); } = ValueList<string>.Empty;

    /// <summary>Said when the change may last until the next start of Windows only; null otherwise.</summary>
    public Finding? Reservation { get; init; }

    /// <summary>The machine's former settings, for <see cref="TeredoActivation.RestoreAsync"/>.</summary>
    public required TeredoConfiguration Previous { get; init; }
}

/// <summary>Switches Windows' Teredo on, with the consent of the user, and restores its former settings.</summary>
/// <remarks>
/// It uses CIM, else netsh, else the commands of Windows XP. A step counts as done when the system's settings, read back, say so; the result of the
/// call itself does not count. The user is asked before anything is installed or enabled. Needs an administrator. Calls must not overlap.
/// Windows is called, and the user asked, on another thread than the caller's. Each call of Windows may take two minutes.
/// </remarks>
public sealed class TeredoActivation
{
    /// <summary>
    /// The port to fix on Windows XP, which does not tell its own: a dynamic port that no other known program uses.
    /// </summary>
    internal const int XpPort = 50343;

    static readonly Version Vista = new(6, 0);

    readonly IWindowsSystem _windows;
    readonly TimeProvider _time;
    readonly List<string> _steps = [];

    /// <summary>Makes an activation of this machine's Windows.</summary>
    /// <exception cref="PlatformNotSupportedException">This machine's system is not Windows.</exception>
    public TeredoActivation() : this(WindowsTeredo.RequireWindows())
    {
    }

    /// <summary>Makes an activation of another Windows.</summary>
    /// <param name="windows">The system.</param>
    [Experimental("TEREDO001")]
    public TeredoActivation(IWindowsSystem windows) : this(windows, TimeProvider.System)
    {
    }

    /// <summary>Makes an activation with another clock for time-outs.</summary>
    internal TeredoActivation(IWindowsSystem windows, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(windows);
        (_windows, _time) = (windows, time);
    }

    /// <summary>The steps taken or tried since the last call began, also when it failed. Each is a sentence with its outcome.</summary>
    public IReadOnlyList<string> Steps => [.. _steps];

    /// <summary>Said of the last call when its change may last until the next start of Windows only; null otherwise.</summary>
    internal Finding? Reservation { get; private set; }

    /// <summary>Switches Teredo on, unless it is on. The setting stays after a restart and after the end of this program.</summary>
    /// <param name="server">The server to use, a host name or an IPv4 address; <c>default</c> for Microsoft's; null keeps the present server.</param>
    /// <param name="consent">
    /// Asks the user before anything is installed or enabled. Null when no user can be asked; then nothing is changed.
    /// </param>
    /// <param name="cancellationToken">Gives up at once. Completed steps stay, and a call of Windows that has begun may still take effect.</param>
    /// <exception cref="TeredoException">
    /// The server name is not valid (<see cref="TeredoError.NoServer"/>). No user can be asked, or this method can't change what keeps Teredo off; the
    /// error then says what keeps it off and how to switch it on. Rights are missing (<see cref="TeredoError.AccessDenied"/>, with the command to
    /// run). The user refused (<see cref="TeredoError.ConsentRefused"/>). No way to switch it on worked, or Windows does not answer
    /// (<see cref="TeredoError.SetupFailed"/>). <see cref="Steps"/> lists the steps until then.
    /// </exception>
    public Task<TeredoActivationResult> EnableAsync(string? server, Func<ConsentRequest, CancellationToken, ValueTask<bool>>? consent,
        CancellationToken cancellationToken) => Task.Run(() => EnableHereAsync(server, consent, cancellationToken), cancellationToken);

    async Task<TeredoActivationResult> EnableHereAsync(string? server, Func<ConsentRequest, CancellationToken, ValueTask<bool>>? consent,
        CancellationToken cancellationToken)
    {
        Begin();
        CheckServer(server);
        var switches = await TeredoSwitches.ReadAsync(_windows, _time, cancellationToken).ConfigureAwait(false);
        var previous = switches.Configuration;
        if (switches.IsOn == true && IsAt(switches, server))
            return new() { Steps = [], Previous = previous };
        if (IsServerByPolicy(switches, server))
            throw ClientFindings.ServerByPolicy(switches.PolicyServer!, server!).ToException();
        var steps = new ActivationSteps(_windows, _time, _steps, AskOrRefuse(consent, switches));
        await RefuseWhatStaysAsync(switches, cancellationToken).ConfigureAwait(false);
        RequireElevation(TeredoCommands.Enable(_windows.Version, server));
        if (switches.Obstacles.Any(obstacle => obstacle.Error == TeredoError.IPv6Disabled))
            await steps.InstallIPv6Async(cancellationToken).ConfigureAwait(false);
        if (switches.Obstacles.Any(obstacle => obstacle.Error == TeredoError.ServiceStopped))
            await steps.StartServiceAsync("iphlpsvc", cancellationToken).ConfigureAwait(false);
        switches = await TeredoSwitches.ReadAsync(_windows, _time, cancellationToken).ConfigureAwait(false);
        if (switches.IsOn != true || !IsAt(switches, server))
            await steps.EnableTeredoAsync(server, previous, found => found.IsOn == true && IsAt(found, server), cancellationToken)
                .ConfigureAwait(false);
        if (_windows.Version < Vista)
            await steps.OpenPortAsync(XpPort, cancellationToken).ConfigureAwait(false);
        return new() { Steps = Steps, Reservation = Reservation = steps.Reservation, Previous = previous };
    }

    /// <summary>Restores the former type and server. IPv6 stays installed, and services keep running.</summary>
    /// <param name="previous">
    /// The settings that <see cref="EnableAsync"/> returned. What is not known in them stays as it is now.
    /// </param>
    /// <param name="cancellationToken">Gives up at once. A call of Windows that has begun may still take effect.</param>
    /// <returns>The steps, each with its outcome.</returns>
    /// <exception cref="TeredoException">
    /// Rights are missing (<see cref="TeredoError.AccessDenied"/>, with the command to run); the settings did not change, or Windows does not
    /// answer (<see cref="TeredoError.SetupFailed"/>).
    /// </exception>
    public Task<IReadOnlyList<string>> RestoreAsync(TeredoConfiguration previous, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(previous);
        return Task.Run(() => RestoreHereAsync(previous, cancellationToken), cancellationToken);
    }

    async Task<IReadOnlyList<string>> RestoreHereAsync(TeredoConfiguration previous, CancellationToken cancellationToken)
    {
        Begin();
        CheckServer(previous.ServerName);
        var now = (await TeredoSwitches.ReadAsync(_windows, _time, cancellationToken).ConfigureAwait(false)).Configuration;
        if ((previous.Type ?? now.Type) is not { } type)
            throw new TeredoException(TeredoError.SetupFailed, "Neither the former nor the present type of Windows' Teredo is known, so nothing was "
                + "changed. In an elevated prompt, run netsh interface teredo set state with the type that you want.");
        if (IsRestored(now))
            return [];
        RequireElevation(TeredoCommands.Set(_windows.Version, type, previous.ServerName));
        var steps = new ActivationSteps(_windows, _time, _steps, static (_, _) => ValueTask.FromResult(true));
        await steps.RestoreAsync(type, previous.ServerName, found => IsRestored(found.Configuration), cancellationToken).ConfigureAwait(false);
        Reservation = steps.Reservation;
        return Steps;

        // For a disabled client, netsh does not tell the server.
        bool IsRestored(TeredoConfiguration configuration) => configuration.Type == type
            && (previous.ServerName is null || configuration.ServerName is null || IsSameServer(configuration.ServerName, previous.ServerName));
    }

    void Begin()
    {
        _steps.Clear();
        Reservation = null;
    }

    /// <exception cref="TeredoException"><see cref="TeredoError.NoServer"/>.</exception>
    static void CheckServer(string? server)
    {
        if (server is not null && !ServerName.IsForWindows(server))
            throw new TeredoException(TeredoError.NoServer,
                $"'{server}' is not a Teredo server that Windows can use; expected a host name of letters, digits, dots and hyphens, or an IPv4 address.");
    }

    static bool IsAt(TeredoSwitches switches, string? server) => server is null || IsSameServer(switches.ServerName, server);

    /// <summary>Whether a policy sets another server than the wanted one, which may be null.</summary>
    internal static bool IsServerByPolicy(TeredoSwitches switches, string? server) =>
        server is not null && switches.PolicyServer is { } fixedServer && !IsSameServer(fixedServer, server);

    /// <summary>Whether two names mean one server: netsh prints the dot of the DNS root at the end, and for "default" the name that Microsoft gave it.</summary>
    internal static bool IsSameServer(string? one, string? other)
    {
        var (a, b) = (one?.TrimEnd('.'), other?.TrimEnd('.'));
        return string.Equals(a, b, StringComparison.OrdinalIgnoreCase) || (IsDefault(a) && IsMicrosofts(b)) || (IsDefault(b) && IsMicrosofts(a));

        static bool IsDefault(string? server) => "default".Equals(server, StringComparison.OrdinalIgnoreCase);

        // teredo., win8., win10., win1711., win1910. ... as users posted them
        static bool IsMicrosofts(string? server) => server?.EndsWith(".ipv6.microsoft.com", StringComparison.OrdinalIgnoreCase) == true;
    }

    static Func<ConsentRequest, CancellationToken, ValueTask<bool>> AskOrRefuse(Func<ConsentRequest, CancellationToken, ValueTask<bool>>? consent,
        TeredoSwitches switches)
    {
        if (consent is not null)
            return consent;
        switches.ThrowIfOff();
        throw new TeredoException(TeredoError.ConsentRefused,
            $"Consent is needed to change Windows' Teredo, but no user can be asked. Set {nameof(TeredoOptions)}.{nameof(TeredoOptions.Consent)}, or "
                + $"switch it on in an elevated prompt: {TeredoCommands.Text(TeredoCommands.Enable(new(6, 0), null))}.");
    }

    // A policy or the registry would override what is set here, and a service that is not installed can't be started.
    async Task RefuseWhatStaysAsync(TeredoSwitches switches, CancellationToken cancellationToken)
    {
        bool canInstall = _windows.Version < Vista;
        var service = await PatientCall.AskAsync(() => _windows.ReadService("iphlpsvc"), _time, cancellationToken).ConfigureAwait(false);
        if (switches.Obstacles.FirstOrDefault(obstacle => obstacle.Error is TeredoError.TeredoDisabledByPolicy or TeredoError.TeredoDisabledByRegistry
            || (obstacle.Error == TeredoError.IPv6Disabled && !canInstall)
            || (obstacle.Error == TeredoError.ServiceStopped && !service.ValueOrDefault.Exists)) is { } stays)
            throw stays.ToException();
    }

    void RequireElevation(IReadOnlyList<string> command)
    {
        if (!_windows.IsElevated)
            throw new TeredoException(TeredoError.AccessDenied,
                $"Changing Windows' Teredo needs an administrator. In an elevated prompt, run {TeredoCommands.Text(command)}.");
    }
}
