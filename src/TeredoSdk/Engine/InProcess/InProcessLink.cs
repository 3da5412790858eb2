using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using TeredoSdk.Protocol;
using TeredoSdk.Protocol.Client;
using TeredoSdk.Providers;

namespace TeredoSdk.Engine.InProcess;

/// <summary>The embedded engine, met inside the process: any system, no privileges.</summary>
sealed class InProcessLink : ITeredoLink, IDriverClient
{
    readonly Lock _gate = new();
    readonly TeredoOptions _options;
    readonly ILogger _log;
    readonly TeredoDriver _driver;
    readonly InProcessHost _host;
    readonly StateChangeFeed _changes = new();
    readonly long _startedAt;
    TaskCompletionSource<TeredoException?> _settled = NewWait(); // completed when there is an address, or a reason why not
    TeredoState _state;
    TeredoException? _problem;
    Instant? _retryAt;
    IPAddress? _lostAddress;
    int? _mtuOctets;
    bool _hasQualified, _disposed;

    InProcessLink(TeredoOptions options, IReadOnlyList<TeredoServerAddress> servers, IHostNetwork network, IRandomSource random, ILogger log)
    {
        (_options, _log) = (options, log);
        _startedAt = options.TimeProvider.GetTimestamp();
        _host = new(options.TimeProvider, () => _driver!);
        _driver = new(options.ToClientOptions(servers), random, network, options.TimeProvider, this, log);
    }

    public IPAddress? Address => _driver.Address?.ToIPAddress();

    public IAsyncEnumerable<TeredoStateChange> Changes => _changes;

    public TeredoReport Report
    {
        get
        {
            var core = _driver.Read(core => (core.Address, core.Server, core.Nat, core.PeerCount));
            var mapping = _driver.PortMapping;
            var (all, unrestricted) = _host.SocketCounts;
            lock (_gate)
            {
                return new()
                {
                    Provider = TeredoProvider.InProcess,
                    State = _state,
                    Address = core.Address?.ToIPAddress(),
                    Reachability = _state != TeredoState.Qualified ? Reachability.No : _host.StrangerSeen ? Reachability.Yes : Reachability.NotChecked,
                    Server = core.Server.Primary.ToIPAddress(),
                    SecondaryServer = core.Server.Secondary.ToIPAddress(),
                    Mapping = core.Nat.Mapping,
                    Filtering = core.Nat.Filtering,
                    NatName = core.Nat.ClassicName,
                    PortPreserving = core.Address is null ? null : core.Nat.PortPreserving,
                    LocalEndPoint = _driver.LocalEndpoint?.ToIPEndPoint(),
                    MappedEndPoint = core.Address?.MappedEndpoint.ToIPEndPoint(),
                    PortMapping = mapping.State,
                    PortMappingEndPoint = mapping.External?.ToIPEndPoint(),
                    PortMappingProtocol = mapping.Protocol,
                    PortMappingProblem = mapping.Problem,
                    MtuOctets = _mtuOctets,
                    NativeIPv6 = _options.NativeIPv6,
                    HasNativeIPv6 = _driver.HasNativeIpv6,
                    Sockets = all,
                    UnrestrictedSockets = unrestricted,
                    Peers = core.PeerCount,
                    Drops = Drops(),
                    Error = _problem?.Error,
                    Problem = _problem?.Message,
                    RetryAt = _retryAt is { } at ? _driver.ToWallClock(at) : null,
                };
            }
        }
    }

    /// <summary>Starts the engine and waits for an address.</summary>
    /// <exception cref="TeredoException">There is none, and why.</exception>
    public static async Task<InProcessLink> BringUpAsync(TeredoOptions options, IHostNetwork network, IRandomSource random, CancellationToken cancellationToken)
    {
        if (options.NativeIPv6 == NativeIPv6Mode.Instead)
            throw Problems.InsteadOfNativeIPv6();
        var log = options.LoggerFactory.CreateLogger<TeredoNode>();
        var names = ServerName.Find(options, Environment.GetEnvironmentVariable(TeredoOptions.ServerVariable));
        var servers = await ServerName.ResolveAsync(names, log, cancellationToken).ConfigureAwait(false);
        var link = new InProcessLink(options, servers, network, random, log);
        try
        {
            link._driver.Start();
            await link.WaitForAddressAsync(cancellationToken).ConfigureAwait(false);
            return link;
        }
        catch
        {
            await link.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    public async ValueTask<TeredoDatagramSocket> BindDatagramAsync(ushort port, IPProtectionLevel level, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var socket = _host.Bind(port, level);
        try
        {
            if (!socket.IsUnrestricted) // a bind wakes a dormant node, whether or not it holds the address
            {
                _driver.AcquireLease();
                _driver.ReleaseLease();
            }
            await WaitForAddressAsync(cancellationToken).ConfigureAwait(false);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    public async Task<TeredoPingReply> PingAsync(IPAddress address, TimeSpan timeout, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var ping = _host.Ping(Ipv6Address.FromIPAddress(address), out ushort sequence);
        try
        {
            var (roundTrip, problem) = await ping.Result.WaitAsync(timeout, _options.TimeProvider, cancellationToken).ConfigureAwait(false);
            return roundTrip is { } time ? new(address, IPStatus.Success, time, null) : new(address, IPStatus.DestinationHostUnreachable, default, problem);
        }
        catch (TimeoutException)
        {
            return new(address, IPStatus.TimedOut, default, null);
        }
        finally
        {
            _host.Forget(sequence);
        }
    }

    public async ValueTask DisposeAsync()
    {
        TaskCompletionSource<TeredoException?> settled;
        lock (_gate)
        {
            _disposed = true;
            _state = TeredoState.Stopped;
            settled = _settled;
        }
        settled.TrySetException(new ObjectDisposedException(nameof(TeredoNode)));
        _ = settled.Task.Exception; // seen, should nobody wait
        _changes.End();
        _host.Close();
        await _driver.DisposeAsync().ConfigureAwait(false);
    }

    void IDriverClient.Receive(ReadOnlySpan<byte> packet) => _host.Receive(packet);

    void IDriverClient.Handle(ClientEvent clientEvent)
    {
        switch (clientEvent)
        {
            case ClientEvent.StateChanged changed:
                Handle(changed.State);
                break;
            case ClientEvent.Qualified qualified:
                Handle(qualified);
                break;
            case ClientEvent.AddressChanged changed:
                Log.AddressChanged(_log, changed.Old, changed.New);
                _host.ForgetStrangers();
                Publish(TeredoStateChangeKind.AddressChanged, changed.New.ToIPAddress(), changed.Old.ToIPAddress());
                break;
            case ClientEvent.AddressLost lost:
                HandleLost(lost.Address);
                break;
            case ClientEvent.Failed failed:
                Fail(Problems.OfQualification(failed.Reason, _driver.Read(core => core.Server), _options, _driver.PortFailure), failed.RetryAt);
                break;
            case ClientEvent.PeerUnreachable unreachable:
                Log.PeerUnreachable(_log, unreachable.Peer, unreachable.Reason);
                _host.HandleUnreachable(unreachable.Peer, Problems.Unreachable(unreachable.Peer, unreachable.Reason, _driver.Read(core => core.Nat)));
                break;
            case ClientEvent.KeyRenewalNeeded:
                Log.KeyRenewalNeeded(_log);
                break;
        }
    }

    // Qualified and Offline are told by events with more in them.
    void Handle(ClientState state)
    {
        if (state == ClientState.Suppressed)
        {
            Fail(Problems.NoNetwork(_driver.Read(core => core.Server)), null, TeredoState.Suppressed); // the only cause that the options leave
            return;
        }
        if (state is not (ClientState.Qualifying or ClientState.Dormant))
            return;
        lock (_gate)
        {
            if (_disposed)
                return;
            _state = state == ClientState.Dormant ? TeredoState.Dormant : TeredoState.Qualifying;
            if (_settled.Task.IsCompleted)
                _settled = NewWait();
        }
        if (state != ClientState.Dormant)
            return;
        Log.Dormant(_log);
        Publish(TeredoStateChangeKind.Dormant, Address, Address);
    }

    void Handle(ClientEvent.Qualified qualified)
    {
        Log.Qualified(_log, qualified.Address, qualified.Server.Primary, qualified.Nat.ClassicName);
        var address = qualified.Address.ToIPAddress();
        TeredoStateChange? change = null;
        TaskCompletionSource<TeredoException?> settled;
        lock (_gate)
        {
            if (_disposed)
                return;
            if (!_hasQualified)
                change = new(TeredoStateChangeKind.Qualified, address, null);
            else if (_state != TeredoState.Qualified) // else only the report of the NAT is new
                change = new(TeredoStateChangeKind.Regained, address, _lostAddress ?? address);
            if (!_hasQualified)
                Metrics.RecordQualification(_options.TimeProvider.GetElapsedTime(_startedAt));
            (_state, _problem, _retryAt, _mtuOctets, _hasQualified, _lostAddress) = (TeredoState.Qualified, null, null, qualified.MtuOctets, true, null);
            settled = _settled;
        }
        settled.TrySetResult(null);
        if (change is not null)
            _changes.Publish(change);
    }

    void HandleLost(TeredoAddress address)
    {
        lock (_gate)
        {
            if (_disposed)
                return;
            _lostAddress = address.ToIPAddress();
        }
        Log.AddressLost(_log, address);
        _host.ForgetStrangers();
        Publish(TeredoStateChangeKind.Lost, null, address.ToIPAddress());
    }

    void Fail(TeredoException problem, Instant? retryAt, TeredoState state = TeredoState.Offline)
    {
        TaskCompletionSource<TeredoException?> settled;
        lock (_gate)
        {
            if (_disposed)
                return;
            (_state, _problem, _retryAt) = (state, problem, retryAt);
            if (_settled.Task.IsCompleted)
                _settled = NewWait();
            settled = _settled;
        }
        settled.TrySetResult(problem);
        Log.QualificationFailed(_log, problem.Message, retryAt is { } at ? _driver.ToWallClock(at) : null);
    }

    void Publish(TeredoStateChangeKind kind, IPAddress? address, IPAddress? previous) => _changes.Publish(new(kind, address, previous));

    async Task WaitForAddressAsync(CancellationToken cancellationToken)
    {
        Task<TeredoException?> settled;
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, typeof(TeredoNode));
            settled = _settled.Task;
        }
        try
        {
            if (await settled.WaitAsync(_options.QualificationTimeout, _options.TimeProvider, cancellationToken).ConfigureAwait(false) is { } problem)
                throw new TeredoException(problem.Error, problem.Message, problem.InnerException); // one per caller
        }
        catch (TimeoutException)
        {
            throw Problems.QualificationTimeout(_options.QualificationTimeout, _driver.Read(core => core.Server));
        }
    }

    Dictionary<string, long> Drops()
    {
        var reasons = Enum.GetValues<DropReason>();
        var drops = reasons.Zip(_driver.CopyDrops(reasons)).Select(pair => (pair.First.ToString(), pair.Second))
            .Concat(Enum.GetValues<HostDrop>().Select(reason => (reason.ToString(), _host[reason])));
        return drops.Where(drop => drop.Item2 > 0).ToDictionary();
    }

    static TaskCompletionSource<TeredoException?> NewWait() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
