using TeredoSdk.Windows.Netsh;

namespace TeredoSdk.Windows;

/// <summary>What Windows says of its Teredo: by CIM as it is now, else by netsh as it was when asked last. Safe for any number of threads.</summary>
sealed class WindowsStatus(IWindowsSystem windows)
{
    volatile TeredoSwitches _switches = new();
    volatile TeredoStatus? _byNetsh;

    /// <summary>The switches as they were when asked last.</summary>
    public TeredoSwitches Switches => _switches;

    /// <summary>The client as far as it can be told without waiting; its state is unknown where nothing tells it.</summary>
    public TeredoStatus Now => Ask().ValueOrDefault ?? new() { State = TeredoClientState.Unknown };

    /// <summary>The same, or why nothing tells it. Only netsh knows of the NAT.</summary>
    public Reading<TeredoStatus> Ask()
    {
        var byNetsh = _byNetsh;
        var reading = windows.ReadStatus();
        if (!reading.TryGet(out var status))
            return byNetsh is not null ? Reading.Of(byNetsh) : Reading.Unknown<TeredoStatus>($"{reading.Reason} netsh does not tell it, either.");
        return byNetsh is null ? reading : Reading.Of(status with
        {
            Error = status.Error ?? (byNetsh.State == status.State ? byNetsh.Error : null),
            Nat = status.Nat ?? byNetsh.Nat,
            ClientType = status.ClientType ?? byNetsh.ClientType,
        });
    }

    /// <summary>Asks for the switches.</summary>
    public async Task<TeredoSwitches> ReadSwitchesAsync(CancellationToken cancellationToken) =>
        _switches = await TeredoSwitches.ReadAsync(windows, cancellationToken).ConfigureAwait(false);

    /// <summary>Asks for the client, netsh too.</summary>
    public async Task<TeredoStatus> ReadAsync(CancellationToken cancellationToken)
    {
        var output = await windows.RunNetshAsync(TeredoCommands.Show(windows.Version), cancellationToken).ConfigureAwait(false);
        var told = output.TryGet(out var printed) ? NetshTeredoState.Parse(printed.Text) : null;
        _byNetsh = told is { State: TeredoClientState.Unknown, Configuration.Type: null } ? null : told; // of an error message, say
        return Now;
    }
}
