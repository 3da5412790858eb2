using Microsoft.Extensions.Logging;
using TeredoSdk.Protocol;
using TeredoSdk.Protocol.Client;
using TeredoSdk.Telemetry;

namespace TeredoSdk.Engine.PortMapping;

/// <summary>The state of the service port's mapping.</summary>
readonly record struct PortMappingStatus(PortMappingState State, IPv4Endpoint? External, string? Protocol, string? Problem);

/// <summary>Handles the core's requests for a mapping of the driver's service port, and answers them. Safe for any number of threads.</summary>
/// <param name="mapper">Asks the gateway; null where there is no gateway to ask.</param>
/// <param name="answer">
/// Hands an answer to the core if the predicate is true at that moment. The predicate is false once a later request has been taken.
/// Called without a lock.
/// </param>
/// <param name="log">The log.</param>
sealed class ServicePortMapping(IPortMapper? mapper, Action<Func<bool>, RequestAnswer> answer, ILogger log) : IAsyncDisposable
{
    readonly Lock _gate = new();
    readonly List<Task> _ending = [];
    Mapping? _current;
    bool _disposed;

    public PortMappingStatus Status
    {
        get
        {
            lock (_gate)
                return _current is { } mapping ? mapping.Status : default;
        }
    }

    /// <summary>Asks for a mapping. The answer comes later, and a new answer comes whenever the mapping changes.</summary>
    public void Begin(IPv4Endpoint local, ushort externalPort)
    {
        lock (_gate)
        {
            EndCurrent();
            if (!_disposed)
                _current = new(this, local, externalPort);
        }
    }

    /// <summary>Removes the mapping.</summary>
    public void End()
    {
        lock (_gate)
            EndCurrent();
    }

    /// <summary>Renews the mapping, because the gateway may have lost it: the machine slept, or the NAT has changed the mapped endpoint.</summary>
    public void Renew()
    {
        lock (_gate)
            _current?.Lease?.Renew();
    }

    /// <summary>Removes the mapping, within about a second.</summary>
    public async ValueTask DisposeAsync()
    {
        Task[] ending;
        lock (_gate)
        {
            _disposed = true;
            EndCurrent();
            ending = [.. _ending];
        }
        await Task.WhenAll(ending).ConfigureAwait(false);
    }

    // Called under the lock.
    void EndCurrent()
    {
        if (_current is null)
            return;
        _ending.RemoveAll(task => task.IsCompleted);
        _ending.Add(_current.DisposeAsync().AsTask());
        _current = null;
    }

    bool IsCurrent(Mapping mapping)
    {
        lock (_gate)
            return _current == mapping;
    }

    /// <summary>One request, from its begin to its end.</summary>
    sealed class Mapping : IAsyncDisposable
    {
        readonly ServicePortMapping _owner;
        readonly IPv4Endpoint _local;
        readonly CancellationTokenSource _ended = new();
        readonly Task _asking;
        volatile PortLease? _lease;
        volatile string? _problem;

        public Mapping(ServicePortMapping owner, IPv4Endpoint local, ushort externalPort)
        {
            (_owner, _local) = (owner, local);
            _asking = Task.Run(() => AskAsync(externalPort, _ended.Token)); // must not hold up the thread that does the core's work
        }

        public PortLease? Lease => _lease;

        public PortMappingStatus Status => (_lease, _problem) switch
        {
            ({ External: { } external } lease, _) => new(PortMappingState.Mapped, external, lease.Protocol, null),
            ({ } lease, _) => new(PortMappingState.NotMapped, null, lease.Protocol, lease.Problem),
            (_, { } problem) => new(PortMappingState.NotMapped, null, null, problem),
            _ => new(PortMappingState.Asking, null, null, null),
        };

        public async ValueTask DisposeAsync()
        {
            await _ended.CancelAsync().ConfigureAwait(false);
            await _asking.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (_lease is { } lease)
                await lease.DisposeAsync().ConfigureAwait(false);
            _ended.Dispose();
        }

        async Task AskAsync(ushort externalPort, CancellationToken cancellationToken)
        {
            try
            {
                var result = _owner.Mapper is { } mapper
                    ? await mapper.MapAsync(_local, externalPort, cancellationToken).ConfigureAwait(false)
                    : new(null, "This network has no gateway to ask for a port mapping.");
                _problem = result.Problem;
                if (result.Lease is { } lease)
                {
                    lease.Changed += Answer;
                    _lease = lease;
                }
            }
            catch (OperationCanceledException)
            {
                return;
            }
            catch (Exception e) // a defect of ours: Teredo goes on without a mapping
            {
                Log.EngineFault(_owner.Logger, e);
                _problem = e.Message;
            }
            Answer();
        }

        void Answer()
        {
            var status = Status;
            if (status.External is { } external)
                MappingLog.Mapped(_owner.Logger, external, _local, status.Protocol!);
            else if (_lease is null) // the lease logs its own loss
                MappingLog.NotMapped(_owner.Logger, status.Problem!);
            _owner.Answer(this, status.External is { } mapped ? RequestAnswer.Mapped(mapped) : RequestAnswer.NotMapped);
        }
    }

    IPortMapper? Mapper => mapper;

    ILogger Logger => log;

    void Answer(Mapping mapping, RequestAnswer what) => answer(() => IsCurrent(mapping), what);
}
