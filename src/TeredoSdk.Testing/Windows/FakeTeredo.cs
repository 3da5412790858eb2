using System.Net;
using TeredoSdk.Windows;

namespace TeredoSdk.Testing;

/// <summary>What becomes of a Teredo client that is woken.</summary>
public enum FakeTeredoNetwork
{
    /// <summary>It gets its address.</summary>
    Answers,
    /// <summary>Its server does not answer: it goes offline.</summary>
    ServerSilent,
    /// <summary>It goes on asking.</summary>
    Endless,
}

/// <summary>
/// The Teredo client of a <see cref="FakeWindows"/>: off until it is configured, dormant until it is woken. Safe for any number of threads.
/// </summary>
public sealed class FakeTeredo
{
    const string PolicyKey = @"SOFTWARE\Policies\Microsoft\Windows\TCPIP\v6Transition";
    const string Tcpip6Key = @"SYSTEM\CurrentControlSet\Services\Tcpip6\Parameters";
    const int TunnelBits = 0x01 | 0x08;
    static readonly Version OffByDefault = new(10, 0, 17134);

    readonly FakeWindows _windows;
    readonly Lock _gate = new();
    TeredoConfiguration _configuration = new()
    {
        Type = TeredoType.Default,
        ServerName = "win1910.ipv6.microsoft.com",
        ClientPort = 0,
        RefreshInterval = TimeSpan.Zero,
        DefaultQualified = false,
    };
    TeredoClientState _state = TeredoClientState.Dormant;
    string? _error;
    TaskCompletionSource _moved = New();

    internal FakeTeredo(FakeWindows windows) => _windows = windows;

    /// <summary>The machine's own setting, which a policy may override.</summary>
    public TeredoConfiguration Configuration
    {
        get
        {
            lock (_gate)
                return _configuration;
        }
        set
        {
            lock (_gate)
                (_configuration, _state, _error) = (value, TeredoClientState.Dormant, null);
            Moved();
        }
    }

    /// <summary>What becomes of a client that is woken; while it is asleep a change does nothing.</summary>
    public FakeTeredoNetwork Network { get; set; }

    /// <summary>Whether the network has a domain controller: then only an enterprise client goes to work.</summary>
    public bool IsManagedNetwork { get; set; }

    /// <summary>
    /// The address that it gets: client 198.51.100.7:40000 of server 192.0.2.1 at first. Change it with <see cref="ChangeAddress"/> while
    /// it is used.
    /// </summary>
    public IPAddress Address { get; set; } = IPAddress.Parse("2001:0:c000:201:0:63bf:39cc:9bf8");

    /// <summary>The NAT in netsh's words.</summary>
    public string Nat { get; set; } = "restricted";

    /// <summary>The local UDP port.</summary>
    public int Port { get; set; } = 54321;

    /// <summary>The name of its interface.</summary>
    public string InterfaceName { get; set; } = "Teredo Tunneling Pseudo-Interface";

    /// <summary>Where it stands.</summary>
    public TeredoClientState State
    {
        get
        {
            lock (_gate)
                return IsOn ? _state : TeredoClientState.Inactive;
        }
    }

    /// <summary>What it is in effect: a policy beats the machine's own setting.</summary>
    public TeredoType EffectiveType => PolicyType ?? Configuration.Type ?? TeredoType.Default;

    internal bool IsSetByPolicy => PolicyType is not null;

    internal string? Error
    {
        get
        {
            lock (_gate)
                return _error;
        }
    }

    internal TeredoStatus StatusOfCim => State == TeredoClientState.Inactive ? TeredoStatus.Inactive : new() { State = State, Error = Error };

    internal IEnumerable<WindowsAddress> Addresses =>
        State != TeredoClientState.Qualified ? []
        : [new() { Address = Address, InterfaceName = InterfaceName, InterfaceIndex = 12, IsTunnel = true, MtuOctets = 1280 }];

    // Nobody chose: on before Windows 10 1803.
    bool IsOn => _windows.IPv6Installed && (_windows.IsBefore(6, 0) || _windows.Runs("iphlpsvc"))
        && !(_windows.RegistryValue(Tcpip6Key, "DisabledComponents") is int bits && (bits & TunnelBits) != 0)
        && EffectiveType switch
        {
            TeredoType.Disabled => false,
            TeredoType.Default => !_windows.IsBefore(6, 0) && _windows.Version < OffByDefault,
            _ => true,
        };

    TeredoType? PolicyType => _windows.RegistryValue(PolicyKey, "Teredo_State") switch
    {
        "Disabled" => TeredoType.Disabled,
        "Client" => TeredoType.Client,
        "Enterprise Client" => TeredoType.EnterpriseClient,
        "Default" => TeredoType.Default,
        _ => null,
    };

    /// <summary>It loses its address.</summary>
    /// <param name="error">The system's words for why.</param>
    public void GoOffline(string error) => Become(TeredoClientState.Offline, error);

    /// <summary>It falls asleep, and its address goes.</summary>
    public void GoDormant() => Become(TeredoClientState.Dormant, null);

    /// <summary>It gets its address without being woken.</summary>
    public void Qualify() => Become(TeredoClientState.Qualified, null);

    /// <summary>The NAT, or the server, gives it another address.</summary>
    /// <param name="address">The new one.</param>
    public void ChangeAddress(IPAddress address)
    {
        Address = address;
        Become(TeredoClientState.Qualified, null);
    }

    internal void Write(TeredoConfiguration change)
    {
        var old = Configuration;
        Configuration = new()
        {
            Type = change.Type ?? old.Type,
            ServerName = change.ServerName ?? old.ServerName,
            ClientPort = change.ClientPort ?? old.ClientPort,
            RefreshInterval = change.RefreshInterval ?? old.RefreshInterval,
            DefaultQualified = old.DefaultQualified, // by policy only
        };
    }

    internal async Task WakeAsync(CancellationToken cancellationToken)
    {
        while (State is not (TeredoClientState.Inactive or TeredoClientState.Qualified))
        {
            if (IsManagedNetwork && EffectiveType is TeredoType.Client or TeredoType.Default)
            {
                GoOffline("client is in a managed network");
                return;
            }
            if (Network == FakeTeredoNetwork.Answers)
                Qualify();
            else if (Network == FakeTeredoNetwork.ServerSilent)
            {
                GoOffline("primary server unreachable over UDP");
                return;
            }
            else
                await ProbeAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    async Task ProbeAsync(CancellationToken cancellationToken)
    {
        Task moved;
        lock (_gate)
        {
            _state = TeredoClientState.Probe;
            moved = _moved.Task;
        }
        await moved.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    void Become(TeredoClientState state, string? error)
    {
        lock (_gate)
            (_state, _error) = (state, error);
        Moved();
    }

    void Moved()
    {
        lock (_gate)
        {
            _moved.TrySetResult();
            _moved = New();
        }
        _windows.RaiseChanged();
    }
}
