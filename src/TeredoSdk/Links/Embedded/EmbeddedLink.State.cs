using System.Net;
using TeredoSdk.Engine;
using TeredoSdk.Machine;
using TeredoSdk.Protocol;
using TeredoSdk.Protocol.Client;
using TeredoSdk.Telemetry;

namespace TeredoSdk.Links.Embedded;

/// <summary>Handles the core's events: keeps the node's state, and completes the waits for an address.</summary>
sealed partial class EmbeddedLink
{
    void IEngineObserver.Handle(ClientEvent clientEvent)
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
                _sockets.AbortVoid(); // connections from the old address end at once; listeners stay
                Publish(TeredoStateChangeKind.AddressChanged, changed.New.ToIPAddress(), changed.Old.ToIPAddress());
                break;
            case ClientEvent.AddressLost lost:
                HandleLost(lost.Address);
                break;
            case ClientEvent.Failed failed:
                Fail(Problems.OfQualification(failed.Reason, _engine.Server, _options, _engine.PortFailure), failed.RetryAt);
                _ = ResolveAgainAsync(); // the servers' addresses may have changed
                break;
            case ClientEvent.KeyRenewalNeeded:
                Log.KeyRenewalNeeded(_log);
                break;
        }
    }

    // Qualified and Offline are ignored here: other events tell them with more detail.
    void Handle(ClientState state)
    {
        if (state == ClientState.Suppressed)
        {
            if (_engine.HasNativeIPv6 && _options.NativeIPv6 == NativeIPv6Mode.Instead)
                GiveWay();
            else
                HandleNoNetwork(); // the only other cause that the options leave
            return;
        }
        if (state is not (ClientState.Qualifying or ClientState.Dormant))
            return;
        lock (_gate)
        {
            if (_disposed)
                return;
            _state = state == ClientState.Dormant ? TeredoState.Dormant : TeredoState.Qualifying;
            if (_settled.HasEnded)
                _settled = NewWait();
        }
        if (state != ClientState.Dormant)
            return;
        Log.Dormant(_log);
        Publish(TeredoStateChangeKind.Dormant, Address, Address);
    }

    void HandleNoNetwork()
    {
        var problem = Problems.NoNetwork($"{_engine.Server.Primary}", goesOn: _options.WaitForNetwork || HasQualified);
        if (!_options.WaitForNetwork)
        {
            Fail(problem, null, TeredoState.Suppressed);
            return;
        }
        lock (_gate)
        {
            if (_disposed)
                return;
            (_state, _problem, _retryAt) = (TeredoState.Suppressed, problem, null);
            _suppressions++;
            if (_settled.HasEnded)
                _settled = NewWait();
        }
        Log.WaitingForNetwork(_log, problem.Message);
    }

    bool HasQualified
    {
        get
        {
            lock (_gate)
                return _hasQualified;
        }
    }

    // RFC 4380 §5.5. Giving way is no error, so there is no problem to report.
    void GiveWay()
    {
        Signal<TeredoException?> settled;
        lock (_gate)
        {
            if (_disposed)
                return;
            (_state, _problem, _retryAt) = (TeredoState.Suppressed, null, null);
            settled = _settled;
        }
        settled.TrySetResult(null);
        Log.GaveWay(_log);
        Publish(TeredoStateChangeKind.Relay, null, null); // a node that gives way runs a relay instead
    }

    void Handle(ClientEvent.Qualified qualified)
    {
        Log.Qualified(_log, qualified.Address, qualified.Server.Primary, qualified.Nat.ClassicName);
        var address = qualified.Address.ToIPAddress();
        _sockets.AbortVoid();
        TeredoStateChange? change = null;
        Signal<TeredoException?> settled;
        lock (_gate)
        {
            if (_disposed)
                return;
            if (!_hasQualified)
                change = new() { Kind = TeredoStateChangeKind.Qualified, Address = address };
            else if (_state != TeredoState.Qualified) // when it is qualified already, only the report of the NAT has changed
                change = new() { Kind = TeredoStateChangeKind.Regained, Address = address, PreviousAddress = _lostAddress ?? address };
            if (!_hasQualified)
                Metrics.RecordQualification(_options.TimeProvider.GetElapsedTime(_startedAt));
            (_state, _problem, _retryAt, _mtuOctets, _hasQualified, _lostAddress) =
                (TeredoState.Qualified, null, null, qualified.MtuOctets, true, null);
            if (_settled.HasEnded) // it may hold a problem that is over now
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
            _engine.SetServers(await ServerNames.FindAndResolveAsync(_options, _network, _log, _stopping.Token).ConfigureAwait(false));
        }
        catch (Exception e) when (e is TeredoException or OperationCanceledException)
        {
            // The names do not resolve now, and a log message said so. The known addresses stay in use.
        }
    }

    void IEngineObserver.HandleFault(TeredoException problem) => Fail(problem, null);

    void HandleLost(TeredoAddress address)
    {
        lock (_gate)
        {
            if (_disposed)
                return;
            _lostAddress = address.ToIPAddress();
        }
        Log.AddressLost(_log, address);
        Publish(TeredoStateChangeKind.Lost, null, address.ToIPAddress());
    }

    void Fail(TeredoException problem, Instant? retryAt, TeredoState state = TeredoState.Offline)
    {
        Signal<TeredoException?> settled;
        lock (_gate)
        {
            if (_disposed)
                return;
            (_state, _problem, _retryAt) = (state, problem, retryAt);
            if (_settled.HasEnded)
                _settled = NewWait();
            settled = _settled;
        }
        settled.TrySetResult(problem);
        Log.QualificationFailed(_log, problem.Message, retryAt is { } at ? _engine.ToWallClock(at) : null);
    }

    void Publish(TeredoStateChangeKind kind, IPAddress? address, IPAddress? previous) => _changes.Publish(new()
    {
        Kind = kind,
        Address = address,
        PreviousAddress = previous,
    });

    async Task WaitForAddressAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            Task<TeredoException?> settled;
            int before;
            lock (_gate)
            {
                Disposed.ThrowIf(_disposed, Disposed.Node);
                settled = _settled.Task;
                before = _state == TeredoState.Suppressed ? -1 : _suppressions;
            }
            try
            {
                if (await _wakeups.WaitAsync(settled, _options.QualificationTimeout, _options.TimeProvider, cancellationToken).ConfigureAwait(false) is { } problem)
                    throw new TeredoException(problem.Error, problem.Message, problem.InnerException); // each caller gets an exception object of its own
                return;
            }
            catch (TimeoutException) when (_options.WaitForNetwork && before != Suppressions)
            {
                // Without a network nobody could be asked, so that time does not count.
            }
            catch (TimeoutException)
            {
                throw Problems.QualificationTimeout(_options.QualificationTimeout, _engine.Server);
            }
        }
    }

    int Suppressions
    {
        get
        {
            lock (_gate)
                return _suppressions;
        }
    }

    Signal<TeredoException?> NewWait() => new(_wakeups);
}
