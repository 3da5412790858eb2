using Microsoft.Extensions.Logging;
using TeredoSdk.Protocol;
using TeredoSdk.Telemetry;

namespace TeredoSdk.Engine.PortMapping;

/// <summary>A mapping at the gateway. It renews itself until it is disposed; disposing removes the mapping from the gateway.</summary>
/// <remarks>The lease is renewed at half of its lifetime (RFC 6886 §3.3, RFC 6887 §11.2.1), and at once when the gateway has lost it.</remarks>
sealed class PortLease : IAsyncDisposable
{
    static readonly TimeSpan MinRenewal = TimeSpan.FromSeconds(4);       // RFC 6887 §11.2.1
    static readonly TimeSpan CheckInterval = TimeSpan.FromMinutes(5);    // a restart of the gateway is noticed after this time at the latest
    static readonly TimeSpan RetryInterval = TimeSpan.FromMinutes(10);   // while the mapping is lost
    static readonly TimeSpan RemovalPatience = TimeSpan.FromMilliseconds(800);

    readonly Func<IPv4Endpoint, CancellationToken, Task<MappingAttempt>> _mapAgain;
    readonly TimeProvider _time;
    readonly ILogger _log;
    readonly CancellationTokenSource _disposed = new();
    readonly Lock _gate = new();
    readonly Task _keeping;
    IMappingProtocol _protocol;
    IPv4Endpoint _external; // kept while the mapping is lost: the next request asks for it again
    TimeSpan _renewAt, _expiresAt;
    bool _isLost;
    TaskCompletionSource _renew = NewSignal();
    Task? _removal;

    /// <param name="protocol">The protocol that gave the mapping.</param>
    /// <param name="answer">The mapping that the gateway gave.</param>
    /// <param name="mapAgain">Tries every protocol again when this protocol no longer gives a mapping.</param>
    /// <param name="time">The clock.</param>
    /// <param name="log">The log.</param>
    public PortLease(IMappingProtocol protocol, MappingAnswer answer, Func<IPv4Endpoint, CancellationToken, Task<MappingAttempt>> mapAgain,
        TimeProvider time, ILogger log)
    {
        (_protocol, _mapAgain, _time, _log) = (protocol, mapAgain, time, log);
        Accept(answer);
        _keeping = KeepAsync(_disposed.Token);
    }

    /// <summary>Raised when the external endpoint has changed, is lost, or is back. The calls do not overlap.</summary>
    public event Action? Changed;

    /// <summary>The external endpoint, or null while the mapping is lost.</summary>
    public IPv4Endpoint? External
    {
        get
        {
            lock (_gate)
                return _isLost ? null : _external;
        }
    }

    /// <summary>The name of the protocol.</summary>
    public string Protocol => Volatile.Read(ref _protocol).Name;

    /// <summary>Why the mapping is lost, or null.</summary>
    public string? Problem { get; private set; }

    /// <summary>Renews the mapping now, because the gateway may have lost it.</summary>
    public void Renew()
    {
        lock (_gate)
            _renew.TrySetResult();
    }

    /// <summary>Removes the mapping from the gateway, within a second. Idempotent.</summary>
    public ValueTask DisposeAsync()
    {
        lock (_gate)
            return new(_removal ??= RemoveAsync());
    }

    TimeSpan Now => TimeSpan.FromSeconds((double)_time.GetTimestamp() / _time.TimestampFrequency);

    async Task RemoveAsync()
    {
        await _disposed.CancelAsync().ConfigureAwait(false);
        await _keeping.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _disposed.Dispose();
        await GatewayPortMapper.RemoveAsync(_protocol, RemovalPatience, _time).ConfigureAwait(false);
    }

    async Task KeepAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                bool forced = await WaitAsync(cancellationToken).ConfigureAwait(false);
                bool isDue = forced || _isLost || Now >= _renewAt;
                bool isKept = isDue || await _protocol.CheckAsync(cancellationToken).ConfigureAwait(false);
                if (!isKept)
                    MappingLog.GatewayLostState(_log, Protocol);
                if (isDue || !isKept)
                    await RenewAsync(isKept, cancellationToken).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                return;
            }
            catch (Exception e) // a defect of ours must not end the lease
            {
                Log.EngineFault(_log, e);
            }
        }
    }

    // Returns true when a caller asked for a renewal, false when it is time for a renewal or for a check.
    async Task<bool> WaitAsync(CancellationToken cancellationToken)
    {
        Task renew;
        lock (_gate)
            renew = _renew.Task;
        var untilRenewal = _renewAt - Now;
        var wait = _isLost ? RetryInterval : untilRenewal < CheckInterval ? untilRenewal : CheckInterval;
        try
        {
            await renew.WaitAsync(wait > TimeSpan.Zero ? wait : TimeSpan.Zero, _time, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            return false;
        }
        lock (_gate)
            _renew = NewSignal();
        return true;
    }

    async Task RenewAsync(bool isKept, CancellationToken cancellationToken)
    {
        var answer = await _protocol.MapAsync(_external, cancellationToken).ConfigureAwait(false);
        string? problem = null;
        if (answer.Refusal is not null)
        {
            if (answer.IsLeftBehind)
                await GatewayPortMapper.RemoveAsync(_protocol, RemovalPatience, _time).ConfigureAwait(false);
            var attempt = await _mapAgain(_external, cancellationToken).ConfigureAwait(false);
            (answer, problem) = (attempt.Answer, attempt.Problem);
            if (attempt.Protocol is { } protocol)
                (answer, problem) = await SwitchAsync(protocol, answer, cancellationToken).ConfigureAwait(false);
        }
        var before = External;
        if (problem is null)
            Accept(answer);
        else
            Fail(problem, isKept);
        if (External == before)
            return;
        if (before is { } lost && External is null)
            MappingLog.Lost(_log, lost, problem!);
        Changed?.Invoke();
    }

    // Ends the former mapping. Where the gateway keeps one table for all protocols, that removes the new mapping as well, so it is asked for once more.
    async Task<(MappingAnswer, string?)> SwitchAsync(IMappingProtocol protocol, MappingAnswer granted, CancellationToken cancellationToken)
    {
        var former = _protocol;
        Volatile.Write(ref _protocol, protocol);
        await GatewayPortMapper.RemoveAsync(former, RemovalPatience, _time).ConfigureAwait(false);
        var answer = await protocol.MapAsync(granted.External, cancellationToken).ConfigureAwait(false);
        return (answer, answer.Refusal is { } refusal ? $"{protocol.Name} gave a mapping and then {refusal}." : null);
    }

    void Accept(MappingAnswer answer)
    {
        lock (_gate)
            (_external, _isLost, Problem) = (answer.External, false, null);
        _expiresAt = Now + answer.Lifetime;
        PlanRenewal();
    }

    void Fail(string problem, bool isKept)
    {
        if (isKept && Now < _expiresAt)
            PlanRenewal(); // each further attempt comes after half of the remaining time
        else
            lock (_gate)
                (_isLost, Problem) = (true, problem);
    }

    void PlanRenewal()
    {
        var half = (_expiresAt - Now) / 2;
        _renewAt = Now + (half > MinRenewal ? half : MinRenewal);
    }

    static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
