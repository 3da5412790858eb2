using System.Net;
using TeredoSdk.Engine;
using TeredoSdk.Machine;
using TeredoSdk.Protocol;
using TeredoSdk.Protocol.Client;
using TeredoSdk.Telemetry;

namespace TeredoSdk.Links.Embedded;

/// <summary>What the core tells: where the node stands, and who is waiting for that.</summary>
sealed partial class EmbeddedLink
{
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
                _guard.ForgetStrangers();
                if (!TryTakeAddress(changed.New))
                    break;
                Publish(TeredoStateChangeKind.AddressChanged, changed.New.ToIPAddress(), changed.Old.ToIPAddress());
                break;
            case ClientEvent.AddressLost lost:
                HandleLost(lost.Address);
                break;
            case ClientEvent.Failed failed:
                Fail(Problems.OfQualification(failed.Reason, _driver.Read(core => core.Server), _options, _driver.PortFailure), failed.RetryAt);
                _ = ResolveAgainAsync(); // the servers may have moved
                break;
            case ClientEvent.PeerUnreachable unreachable:
                Log.PeerUnreachable(_log, unreachable.Peer, unreachable.Reason);
                string why = Problems.Unreachable(unreachable.Peer, unreachable.Reason, _driver.Read(core => core.Nat));
                _echo.HandleUnreachable(unreachable.Peer, why);
                _watch.HandleUnreachable(unreachable.Peer, null, new(TeredoError.PeerUnreachable, why));
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
            if (_driver.HasNativeIPv6 && _options.NativeIPv6 == NativeIPv6Mode.Instead)
                GiveWay();
            else
                // The only other cause that the options leave.
                Fail(Problems.NoNetwork(_driver.Read(core => core.Server)), null, TeredoState.Suppressed);
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

    // RFC 4380 §5.5. Nothing is wrong, so there is no problem to tell.
    void GiveWay()
    {
        TaskCompletionSource<TeredoException?> settled;
        lock (_gate)
        {
            if (_disposed)
                return;
            (_state, _problem, _retryAt) = (TeredoState.Suppressed, null, null);
            settled = _settled;
        }
        settled.TrySetResult(null);
        Log.GaveWay(_log);
        Publish(TeredoStateChangeKind.Relay, null, null); // who gives way runs one instead
    }

    void Handle(ClientEvent.Qualified qualified)
    {
        Log.Qualified(_log, qualified.Address, qualified.Server.Primary, qualified.Nat.ClassicName);
        var address = qualified.Address.ToIPAddress();
        if (!TryTakeAddress(qualified.Address))
            return;
        TeredoStateChange? change = null;
        TaskCompletionSource<TeredoException?> settled;
        lock (_gate)
        {
            if (_disposed)
                return;
            if (!_hasQualified)
                change = new() { Kind = TeredoStateChangeKind.Qualified, Address = address };
            else if (_state != TeredoState.Qualified) // else only the report of the NAT is new
                change = new() { Kind = TeredoStateChangeKind.Regained, Address = address, PreviousAddress = _lostAddress ?? address };
            if (!_hasQualified)
                Metrics.RecordQualification(_options.TimeProvider.GetElapsedTime(_startedAt));
            (_state, _problem, _retryAt, _mtuOctets, _hasQualified, _lostAddress) =
                (TeredoState.Qualified, null, null, qualified.MtuOctets, true, null);
            if (_settled.Task.IsCompleted) // perhaps by a problem that is over
                _settled = NewWait();
            settled = _settled;
        }
        settled.TrySetResult(null);
        if (change is not null)
            _changes.Publish(change);
    }

    async Task ResolveAgainAsync()
    {
        try
        {
            _driver.SetServers(await ServerNames.FindAndResolveAsync(_options, _network, _log, _stopping.Token).ConfigureAwait(false));
        }
        catch (Exception e) when (e is TeredoException or OperationCanceledException)
        {
            // The names do not resolve now, which is logged: the addresses that are known stand.
        }
    }

    // The old address is void: what used it ends: connections at once, while listeners stay. False when the device was taken away.
    bool TryTakeAddress(TeredoAddress address)
    {
        try
        {
            Volatile.Read(ref _chosen)?.Host.SetAddress(address);
        }
        catch (TeredoException e)
        {
            Fail(e, null);
            return false;
        }
        AbortStaleConnections();
        return true;
    }

    void HandleLost(TeredoAddress address)
    {
        lock (_gate)
        {
            if (_disposed)
                return;
            _lostAddress = address.ToIPAddress();
        }
        try
        {
            Volatile.Read(ref _chosen)?.Host.LoseAddress();
        }
        catch (TeredoException e) // the device was taken away, and the address with it
        {
            Log.EngineFault(_log, e);
        }
        Log.AddressLost(_log, address);
        _guard.ForgetStrangers();
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

    void Publish(TeredoStateChangeKind kind, IPAddress? address, IPAddress? previous) => _changes.Publish(new()
    {
        Kind = kind,
        Address = address,
        PreviousAddress = previous,
    });

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

    static TaskCompletionSource<TeredoException?> NewWait() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
