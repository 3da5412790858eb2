using TeredoSdk.Windows;
using TeredoSdk.Windows.Netsh;

namespace TeredoSdk.Providers.Windows;

/// <summary>What Windows says of its Teredo: by CIM as it is now, else by netsh as it was when asked last. Safe for any number of threads.</summary>
sealed class WindowsStatus(IWindowsSystem windows)
{
    volatile TeredoSwitches _switches = new();
    volatile TeredoStatus? _byNetsh;

    /// <summary>The switches as they were when asked last.</summary>
    public TeredoSwitches Switches => _switches;

    /// <summary>The client as far as it can be told without waiting. Only netsh knows of the NAT.</summary>
    public TeredoStatus Now
    {
        get
        {
            var byNetsh = _byNetsh;
            if (!windows.ReadStatus().TryGet(out var status))
                return byNetsh ?? new() { State = TeredoClientState.Unknown };
            return byNetsh is null ? status : status with
            {
                Error = status.Error ?? (byNetsh.State == status.State ? byNetsh.Error : null),
                Nat = status.Nat ?? byNetsh.Nat,
                ClientType = status.ClientType ?? byNetsh.ClientType,
            };
        }
    }

    /// <summary>Asks for the switches.</summary>
    public async Task<TeredoSwitches> ReadSwitchesAsync(CancellationToken cancellationToken) =>
        _switches = await TeredoSwitches.ReadAsync(windows, cancellationToken).ConfigureAwait(false);

    /// <summary>Asks for the client, netsh too.</summary>
    public async Task<TeredoStatus> ReadAsync(CancellationToken cancellationToken)
    {
        var output = await windows.RunNetshAsync(TeredoCommands.Show(windows.Version), cancellationToken).ConfigureAwait(false);
        _byNetsh = output.TryGet(out var printed) ? NetshTeredoState.Parse(printed.Text) : null;
        return Now;
    }
}
