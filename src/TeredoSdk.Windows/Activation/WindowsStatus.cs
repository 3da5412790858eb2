using TeredoSdk.Windows.Native.Netsh;

namespace TeredoSdk.Windows.Activation;

/// <summary>Windows' status of its Teredo client: the present one from CIM, else the last one from netsh. Safe for any number of threads.</summary>
sealed class WindowsStatus(IWindowsSystem windows)
{
    volatile TeredoSwitches _switches = new();
    volatile TeredoStatus? _byNetsh;

    /// <summary>The switches as they were last read.</summary>
    public TeredoSwitches Switches => _switches;

    /// <summary>Whether CIM tells the client's state. No page lists its words, so it may be one that is not known.</summary>
    public bool IsToldByCim => windows.ReadStatus() is { IsKnown: true, Value.State: not TeredoClientState.Unknown };

    /// <summary>The client's status, without waiting. The state is Unknown when no source tells it.</summary>
    public TeredoStatus Now => Ask().ValueOrDefault ?? new() { State = TeredoClientState.Unknown };

    /// <summary>The client's status, or the reason why no source tells it. Only netsh knows the NAT.</summary>
    public Reading<TeredoStatus> Ask()
    {
        var byNetsh = _byNetsh;
        var reading = windows.ReadStatus();
        if (!reading.TryGet(out var status) || (status.State == TeredoClientState.Unknown && byNetsh is { State: not TeredoClientState.Unknown }))
            return byNetsh is not null ? Reading.Of(byNetsh) : Reading.Unknown<TeredoStatus>($"{reading.Reason} netsh does not tell the state, either.");
        return byNetsh is null ? reading : Reading.Of(status with
        {
            Error = status.Error ?? (byNetsh.State == status.State ? byNetsh.Error : null),
            ErrorCode = status.ErrorCode ?? (byNetsh.State == status.State ? byNetsh.ErrorCode : null),
            Nat = status.Nat ?? byNetsh.Nat,
            ClientType = status.ClientType ?? byNetsh.ClientType,
        });
    }

    /// <summary>Reads the switches again.</summary>
    public async Task<TeredoSwitches> ReadSwitchesAsync(CancellationToken cancellationToken) =>
        _switches = await TeredoSwitches.ReadAsync(windows, cancellationToken).ConfigureAwait(false);

    /// <summary>Reads the client's status again, also from netsh. The client sleeps when either says so.</summary>
    public async Task<TeredoStatus> ReadAsync(CancellationToken cancellationToken)
    {
        var output = await windows.RunNetshAsync(TeredoCommands.Show(windows.Version), cancellationToken).ConfigureAwait(false);
        var told = output.TryGet(out var printed) ? NetshTeredoState.Parse(printed.Text) : null;
        _byNetsh = told is { State: TeredoClientState.Unknown, Configuration.Type: null } ? null : told; // for example, an error message
        return told is { State: TeredoClientState.Dormant } ? Now with { State = TeredoClientState.Dormant } : Now;
    }
}
