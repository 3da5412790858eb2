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
/// <param name="policy">Which external addresses count as public ones.</param>
/// <param name="log">The log.</param>
sealed class ServicePortMapping(IPortMapper? mapper, Action<Func<bool>, RequestAnswer> answer, AddressPolicy policy, ILogger log) : IAsyncDisposable
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
        Mapping mapping;
        lock (_gate)
        {
            EndCurrent();
            if (_disposed)
                return;
            _current = mapping = new(this, local, externalPort);
        }
        if (mapper is null)
            mapping.Answer(); // there is nobody to wait for
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
        readonly Task _asking = Task.CompletedTask;
        volatile PortLease? _lease;
        volatile string? _problem;

        public Mapping(ServicePortMapping owner, IPv4Endpoint local, ushort externalPort)
        {
            (_owner, _local) = (owner, local);
            if (owner.Mapper is { } mapper)
                _asking = Task.Run(() => AskAsync(mapper, externalPort, _ended.Token)); // must not hold up the thread that does the core's work
            else
                _problem = "This network has no gateway to ask for a port mapping.";
        }

        public PortLease? Lease => _lease;

        public PortMappingStatus Status => (_lease, _problem) switch
        {
            ({ External: { } external } lease, _) when !_owner.Policy.IsGlobalUnicast(external) =>
                new(PortMappingState.BehindAnotherNat, external, lease.Protocol, BehindAnotherNat(external.Address)),
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

        async Task AskAsync(IPortMapper mapper, ushort externalPort, CancellationToken cancellationToken)
        {
            try
            {
                var result = await mapper.MapAsync(_local, externalPort, cancellationToken).ConfigureAwait(false);
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

        public void Answer()
        {
            var status = Status;
            if (status.State == PortMappingState.BehindAnotherNat)
                MappingLog.BehindNat(_owner.Logger, status.Problem!);
            else if (status.External is { } external)
                MappingLog.Mapped(_owner.Logger, external, _local, status.Protocol!);
            else if (_lease is null) // the lease logs its own loss
                MappingLog.NotMapped(_owner.Logger, status.Problem!);
            _owner.Answer(this, status.External is { } mapped ? RequestAnswer.Mapped(mapped) : RequestAnswer.NotMapped);
        }
    }

    static string BehindAnotherNat(IPv4Address external) =>
        $"The gateway maps the port, but its own external address is {external}, which is not a public one: another NAT is in front of it (double NAT). "
        + "Only peers behind that other NAT can use the mapping. Let the outer router map the port, too, or make the inner one a bridge.";

    IPortMapper? Mapper => mapper;

    AddressPolicy Policy => policy;

    ILogger Logger => log;

    void Answer(Mapping mapping, RequestAnswer what) => answer(() => IsCurrent(mapping), what);
}
