using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using TeredoSdk.Machine;
using TeredoSdk.Machine.Bursts;
using TeredoSdk.Protocol;
using TeredoSdk.Protocol.Server;
using TeredoSdk.Protocol.Wire;
using TeredoSdk.Telemetry;

namespace TeredoSdk.Engine;

/// <summary>The driver of a <see cref="TeredoServer"/>: its sockets, its clock, and its path to the native internet.</summary>
/// <remarks>One lock guards the core, and no system call runs under it. Safe for any number of threads.</remarks>
sealed class ServerDriver : IAsyncDisposable, ITrafficCounter
{
    static readonly TimeSpan LimitLogSpacing = TimeSpan.FromMinutes(1);

    readonly Lock _gate = new();
    readonly TeredoServer _core;
    readonly EngineClock _clock;
    readonly ILogger _log;
    readonly Shard[] _shards;
    readonly NativeSender? _native;
    readonly string? _nativeProblem;
    Instant _limitLogAt; // no message about the rate limits before
    Traffic _traffic;    // under the lock
    long _limitsLogged;  // how many drops the messages have told

    /// <param name="options">The settings of the core; the driver sets <see cref="TeredoServerOptions.ForwardNative"/> itself.</param>
    /// <param name="port">The UDP port at each of the server's addresses.</param>
    /// <param name="shards">How many sockets there are at each address. Their core is one, and so are the rate limits.</param>
    /// <param name="network">The machine's network.</param>
    /// <param name="random">Randomness for the core.</param>
    /// <param name="time">The clock.</param>
    /// <param name="log">The logger.</param>
    /// <exception cref="ArgumentException">The core refuses the options.</exception>
    /// <exception cref="TeredoException"><see cref="TeredoError.PortUnavailable"/>: a socket can't be opened. No socket is left open.</exception>
    public ServerDriver(TeredoServerOptions options, ushort port, int shards, IHostNetwork network, IRandomSource random, TimeProvider time, ILogger log)
    {
        (_clock, _log) = (new(time), log);
        _shards = [.. Enumerable.Range(0, shards).Select(_ => new Shard())];
        _native = NativeSender.TryOpen(options.Primary, log, out _nativeProblem);
        try
        {
            _core = new(options with { ForwardNative = _native is not null }, random);
            Open(network, new(options.Primary, port), LocalPort.ServerPrimary);
            if (options.Secondary is { } secondary)
                Open(network, new(secondary, port), LocalPort.ServerSecondary);
            if (options.Reflector is { } reflector)
            {
                Open(network, new(reflector, TeredoPorts.Reflector), LocalPort.Reflector);
                Open(network, new(reflector, TeredoPorts.OtherReflector), LocalPort.OtherReflector);
            }
        }
        catch
        {
            Close();
            throw;
        }
        Completion = Task.WhenAll(Transports.Select(transport => transport.Completion));
        Metrics.Add(this);
        Log.ServerStarted(log, EndPointOf(LocalPort.ServerPrimary)!, EndPointOf(LocalPort.ServerSecondary));
    }

    /// <summary>Completes when the sockets are closed and no longer used.</summary>
    public Task Completion { get; }

    public TeredoServerReport Report
    {
        get
        {
            lock (_gate)
            {
                return new()
                {
                    EndPoint = EndPointOf(LocalPort.ServerPrimary)!,
                    SecondaryEndPoint = EndPointOf(LocalPort.ServerSecondary),
                    ReflectEndPoint = EndPointOf(LocalPort.Reflector),
                    ForwardsToNativeIPv6 = _native is not null,
                    Drops = Enum.GetValues<DropReason>().Select(reason => (reason, _core.Drops[reason])).Where(drop => drop.Item2 > 0).ToDictionary(),
                    Datapath = DatapathFacts.Describe(_shards[0].Transports[0]!.Facts with { Lost = Transports.Sum(transport => transport.Facts.Lost) }),
                    Problem = _nativeProblem,
                };
            }
        }
    }

    TrafficRole ITrafficCounter.Role => TrafficRole.Server;

    public Traffic CopyTraffic()
    {
        lock (_gate)
            return _traffic;
    }

    public long[] CopyDrops(DropReason[] reasons)
    {
        lock (_gate)
            return Array.ConvertAll(reasons, reason => _core.Drops[reason]);
    }

    /// <summary>Closes the sockets, and waits until they are no longer used. Idempotent.</summary>
    public async ValueTask DisposeAsync()
    {
        Close();
        Metrics.Remove(this);
        await Completion.ConfigureAwait(false);
    }

    void Open(IHostNetwork network, IPv4Endpoint local, LocalPort port)
    {
        try
        {
            var handlers = _shards.Select(shard => new DatagramHandler((buffer, runs) => HandleDatagrams(shard, port, buffer, runs)));
            foreach (var (shard, transport) in _shards.Zip(network.OpenShards(local, [.. handlers])))
                shard.Transports[IndexOf(port)] = transport;
        }
        catch (SocketException e)
        {
            throw new TeredoException(TeredoError.PortUnavailable,
                $"UDP port {local.Port} of {local.Address} can't be used ({e.Message}). Choose an address of this machine at which no other Teredo server runs.", e);
        }
    }

    void HandleDatagrams(Shard shard, LocalPort via, ReadOnlySpan<byte> buffer, ReadOnlySpan<DatagramRun> runs)
    {
        var answers = Interlocked.Exchange(ref shard.Answers, null) ?? new();
        var limited = default(LimitNews);
        bool isMore;
        lock (_gate)
        {
            var now = _clock.Now;
            foreach (var run in runs)
            {
                foreach (var payload in run.In(buffer))
                {
                    Handle(now, shard, via, run.Source, payload, answers, ref limited);
                    _traffic.Receive(1, payload.Length);
                }
            }
            isMore = TakeAnswers(shard, answers); // almost never: the answers to one burst fit
        }
        answers.Send(_native);
        for (; isMore; answers.Send(_native))
            lock (_gate)
                isMore = TakeAnswers(shard, answers);
        if (limited.Count > 0)
            Log.LimitReached(_log, limited.Count, limited.Source, limited.Limit);
        Volatile.Write(ref shard.Answers, answers);
    }

    // Called under the lock.
    void Handle(Instant now, Shard shard, LocalPort via, IPv4Endpoint source, ReadOnlySpan<byte> payload, AnswerBatch answers, ref LimitNews limited)
    {
        var verdict = _core.HandleDatagram(now, via, source, payload);
        TakeAnswers(shard, answers);
        if (verdict.Kind != VerdictKind.Dropped)
            return;
        Log.PacketDropped(_log, source, verdict.Reason);
        if (verdict.Reason == DropReason.RateLimited && CountForLog(now) is > 0 and var count)
            limited = new(count, source, _core.LastLimit);
    }

    // Called under the lock. Returns whether something is left.
    bool TakeAnswers(Shard shard, AnswerBatch answers)
    {
        while (answers.HasRoom && _core.TryTakeTransmit(answers.Next, out var transmit))
        {
            answers.Add(transmit.Length, transmit.Target, shard.Transports[IndexOf(transmit.Via)]); // null while the other sockets are being opened
            _traffic.Send(1, transmit.Length);
        }
        while (answers.HasRoom && _core.TryTakeDelivery(answers.Next, out int length))
            answers.AddNative(length);
        return _core.HasTransmits;
    }

    // Reaching a limit is logged once a minute. Returns how many drops the message is to tell, or 0 when it is too early.
    long CountForLog(Instant now)
    {
        if (now < _limitLogAt)
            return 0;
        _limitLogAt = now + LimitLogSpacing;
        long all = _core.Drops[DropReason.RateLimited], count = all - _limitsLogged;
        _limitsLogged = all;
        return count;
    }

    IEnumerable<IUdpTransport> Transports => _shards.SelectMany(shard => shard.Transports).OfType<IUdpTransport>();

    IPEndPoint? EndPointOf(LocalPort port) => _shards[0].Transports[IndexOf(port)]?.LocalEndpoint.ToIPEndPoint();

    static int IndexOf(LocalPort port) => port.Id - LocalPort.ServerPrimary.Id; // they follow each other

    void Close()
    {
        foreach (var transport in Transports)
            transport.Dispose();
        _native?.Dispose();
    }

    /// <summary>A socket at each address, which hears a part of the sources.</summary>
    sealed class Shard
    {
        public readonly IUdpTransport?[] Transports = new IUdpTransport?[4]; // as IndexOf has them
        public AnswerBatch? Answers = new(); // null while a thread uses it; another thread takes a new one
    }

    /// <summary>What a message about the rate limits tells.</summary>
    readonly record struct LimitNews(long Count, IPv4Endpoint Source, ServerLimit Limit);
}
