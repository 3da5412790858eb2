using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.NetworkInformation;
using TeredoSdk.Windows;

namespace TeredoSdk.Testing;

/// <summary>What happens when a Teredo client is woken.</summary>
[Experimental("TEREDO001")]
public enum FakeTeredoNetwork
{
    /// <summary>The client gets its address.</summary>
    Answers,
    /// <summary>The server does not answer, and the client goes offline.</summary>
    ServerSilent,
    /// <summary>The client goes on asking its server without end.</summary>
    Endless,
    /// <summary>The client goes offline with <see cref="FakeTeredo.OfflineError"/>.</summary>
    Offline,
    /// <summary>The client stays dormant, as users posted it of machines with native IPv6.</summary>
    Asleep,
}

/// <summary>
/// The Teredo client of a <see cref="FakeWindows"/>. It is off until it is configured, and dormant until it is woken. After an hour without traffic it
/// is dormant again. Safe for any number of threads.
/// </summary>
/// <remarks>
/// Written after Microsoft's pages: "Implementing the Teredo Security Model" (dormancy), NotifyStableUnicastIpAddressTable, Set-NetTeredoConfiguration
/// (stores and types). Where two pages differ, a property chooses, and its first value is the reading that is harder for programs.
/// </remarks>
[Experimental("TEREDO001")]
public sealed class FakeTeredo
{
    const string PolicyKey = @"SOFTWARE\Policies\Microsoft\Windows\TCPIP\v6Transition";
    const string Tcpip6Key = @"SYSTEM\CurrentControlSet\Services\Tcpip6\Parameters";
    const int TunnelBits = 0x01 | 0x08;
    static readonly Version OffByDefault = new(10, 0, 17134);
    static readonly TimeSpan IdleLimit = TimeSpan.FromHours(1); // "Implementing the Teredo Security Model"

    internal const string ServerSilentError = "primary server unreachable over UDP", ManagedError = "client is in a managed network";
    internal const string DefaultServer = "win1910.ipv6.microsoft.com";

    readonly FakeWindows _windows;
    readonly Lock _gate = new();
    static readonly TeredoConfiguration AtFirst = new()
    {
        Type = TeredoType.Default,
        ServerName = DefaultServer,
        ClientPort = 0,
        RefreshInterval = TimeSpan.Zero,
        DefaultQualified = false,
    };
    TeredoConfiguration _configuration = AtFirst, _persistent = AtFirst;
    TeredoClientState _state = TeredoClientState.Dormant;
    DateTimeOffset _lastTraffic;
    string? _error;
    TaskCompletionSource _moved = New();

    internal FakeTeredo(FakeWindows windows) => _windows = windows;

    /// <summary>
    /// The machine's own settings in both stores, which a policy may override. Reading gives those of the active store; setting writes both stores, and
    /// restarts the client.
    /// </summary>
    public TeredoConfiguration Configuration
    {
        get
        {
            lock (_gate)
                return _configuration;
        }
        set => Become(value, isPersistent: true);
    }

    /// <summary>The settings of the persistent store, which a start of the system takes.</summary>
    public TeredoConfiguration PersistentConfiguration
    {
        get
        {
            lock (_gate)
                return _persistent;
        }
    }

    /// <summary>
    /// Whether a dormant client's address is listed, as dial-on-demand interfaces list theirs. A program that takes a listed address for an address at
    /// which it can be reached then errs.
    /// </summary>
    public bool ListsDormantAddress { get; set; }

    /// <summary>The state in which a dormant client's address is listed; no page tells it.</summary>
    public DuplicateAddressDetectionState DormantDadState { get; set; } = DuplicateAddressDetectionState.Preferred;

    /// <summary>
    /// Whether an opted-in socket with a firewall exception keeps the client awake. "Implementing the Teredo Security Model" says so; "Implementing
    /// Firewall Filters for Teredo" speaks of sockets only. False: only traffic keeps the client awake.
    /// </summary>
    public bool ListenersKeepAwake { get; set; }

    /// <summary>Whether a call of NotifyStableUnicastIpAddressTable counts as traffic; no page says so.</summary>
    public bool WakeIsTraffic { get; set; }

    /// <summary>What happens when the client is woken. A change has no effect before that.</summary>
    public FakeTeredoNetwork Network { get; set; }

    /// <summary>Why a client goes offline that is woken in a network that is <see cref="FakeTeredoNetwork.Offline"/>, in netsh's English words; null for no error.</summary>
    /// <remarks>
    /// <see cref="FakeNetsh"/> has translations of <c>failed to resolve the server name</c>, <c>failed to open the tunnel adapter</c> and <c>general system
    /// failure</c>.
    /// </remarks>
    public string? OfflineError { get; set; } = "general system failure";

    /// <summary>The number of the error, which the real netsh prints for a general system failure; null for none.</summary>
    public long? ErrorCode { get; set; }

    /// <summary>Whether the network has a domain controller. Then only an enterprise client works.</summary>
    public bool IsManagedNetwork { get; set; }

    /// <summary>
    /// The address that the client gets; at first client 198.51.100.7:40000 of server 192.0.2.1. While the client has an address, change it with
    /// <see cref="ChangeAddress"/>.
    /// </summary>
    public IPAddress Address { get; set; } = IPAddress.Parse("2001:0:c000:201:0:63bf:39cc:9bf8");

    /// <summary>The kind of NAT, in netsh's words.</summary>
    public string Nat { get; set; } = "restricted";

    /// <summary>The local UDP port.</summary>
    public int Port { get; set; } = 54321;

    /// <summary>The name of the client's interface.</summary>
    public string InterfaceName { get; set; } = "Teredo Tunneling Pseudo-Interface";

    /// <summary>The MTU of the client's interface, in octets.</summary>
    public int MtuOctets { get; set; } = 1280;

    /// <summary>The client's state.</summary>
    public TeredoClientState State
    {
        get
        {
            lock (_gate)
                return !IsOn ? TeredoClientState.Inactive : IsIdle ? TeredoClientState.Dormant : _state;
        }
    }

    /// <summary>
    /// The state that CIM tells in place of the client's, which netsh goes on telling; null for the client's. No page lists CIM's words, so one may be unknown.
    /// </summary>
    public TeredoClientState? CimState { get; set; }

    /// <summary>The type in effect; a policy overrides the machine's own settings.</summary>
    public TeredoType EffectiveType => PolicyType ?? Configuration.Type ?? TeredoType.Default;

    internal WindowsListener Listener => new() { Protocol = FirewallProtocol.Udp, EndPoint = new(IPAddress.Any, Port) };

    internal bool IsSetByPolicy => PolicyType is not null;

    internal string? PolicyServer => _windows.RegistryValue(PolicyKey, "Teredo_ServerName") as string;

    internal string? Error
    {
        get
        {
            lock (_gate)
                return _error;
        }
    }

    internal TeredoStatus StatusOfCim => State == TeredoClientState.Inactive ? TeredoStatus.Inactive : new()
    {
        State = CimState ?? State,
        Error = Error,
        ErrorCode = Error is null ? null : ErrorCode,
    };

    internal IEnumerable<WindowsAddress> Addresses => State switch
    {
        TeredoClientState.Qualified => [Listed(DuplicateAddressDetectionState.Preferred)],
        TeredoClientState.Dormant when ListsDormantAddress => [Listed(DormantDadState)],
        _ => [],
    };

    bool IsIdle => _state == TeredoClientState.Qualified && _windows.TimeProvider.GetUtcNow() - _lastTraffic >= IdleLimit
        && !(ListenersKeepAwake && _windows.HasEligibleListener() && _windows.Firewall.Rules.Any(IsExemption));

    // When nobody has chosen a type, Teredo is on before Windows 10 1803.
    /// <summary>Whether no client runs, whatever the settings say: for what a program can't read.</summary>
    public bool IsInactive { get; set; }

    bool IsOn => !IsInactive && _windows.IPv6Installed && (_windows.IsBefore(6, 0) || _windows.Runs("iphlpsvc"))
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

    /// <summary>Makes the client lose its address.</summary>
    /// <param name="error">The cause, in the words of the system; null for none.</param>
    public void GoOffline(string? error) => Become(TeredoClientState.Offline, error);

    /// <summary>Makes the client dormant, so that it loses its address.</summary>
    public void GoDormant() => Become(TeredoClientState.Dormant, null);

    /// <summary>Gives the client its address without a wake.</summary>
    public void Qualify() => Become(TeredoClientState.Qualified, null);

    /// <summary>Gives the client another address, as after a change of the NAT or the server.</summary>
    /// <param name="address">The new address.</param>
    public void ChangeAddress(IPAddress address)
    {
        Address = address;
        Become(TeredoClientState.Qualified, null);
    }

    /// <summary>Notes that packets went through the client, in either direction: an hour begins anew. A client that sleeps goes on sleeping.</summary>
    public void NoteTraffic()
    {
        lock (_gate)
            if (!IsIdle)
                _lastTraffic = _windows.TimeProvider.GetUtcNow();
    }

    // Traffic wakes a dormant client, too ("Teredo Components": an application that sends).
    internal bool TrySend(IPAddress address)
    {
        if (!Addresses.Any(listed => listed.Address.Equals(address)))
            return false;
        if (State == TeredoClientState.Dormant && Network == FakeTeredoNetwork.Answers)
            Qualify();
        NoteTraffic();
        return true;
    }

    internal void Write(TeredoConfiguration change, bool isPersistent)
    {
        var old = Configuration;
        Become(old with
        {
            Type = change.Type ?? old.Type,
            ServerName = change.ServerName ?? old.ServerName,
            ClientPort = change.ClientPort ?? old.ClientPort,
            RefreshInterval = change.RefreshInterval ?? old.RefreshInterval,
        }, isPersistent); // not DefaultQualified: only a policy can set it
    }

    internal void Restart() => Become(PersistentConfiguration, isPersistent: true);

    internal async Task WakeAsync(CancellationToken cancellationToken)
    {
        if (WakeIsTraffic)
            NoteTraffic();
        while (State is not (TeredoClientState.Inactive or TeredoClientState.Qualified))
        {
            if (IsManagedNetwork && EffectiveType is TeredoType.Client or TeredoType.Default)
            {
                GoOffline(ManagedError);
                return;
            }
            switch (Network)
            {
                case FakeTeredoNetwork.Answers:
                    Qualify();
                    break;
                case FakeTeredoNetwork.ServerSilent:
                    GoOffline(ServerSilentError);
                    return;
                case FakeTeredoNetwork.Offline:
                    GoOffline(OfflineError);
                    return;
                case FakeTeredoNetwork.Asleep:
                    return;
                default:
                    await ProbeAsync(cancellationToken).ConfigureAwait(false);
                    break;
            }
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

    static bool IsExemption(FirewallRule rule) => rule is { Enabled: true, Direction: FirewallDirection.In, Action: FirewallAction.Allow }
        && rule.EdgeTraversal != EdgeTraversal.Deny;

    WindowsAddress Listed(DuplicateAddressDetectionState state) =>
        new() { Address = Address, InterfaceName = InterfaceName, InterfaceIndex = 12, IsTunnel = true, MtuOctets = MtuOctets, DadState = state };

    void Become(TeredoClientState state, string? error)
    {
        lock (_gate)
            (_state, _error, _lastTraffic) = (state, error, _windows.TimeProvider.GetUtcNow()); // to qualify is traffic
        Moved();
    }

    void Become(TeredoConfiguration configuration, bool isPersistent)
    {
        lock (_gate)
        {
            (_configuration, _state, _error) = (configuration, TeredoClientState.Dormant, null);
            if (isPersistent)
                _persistent = configuration;
        }
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
