using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using TeredoSdk.Machine;
using TeredoSdk.Protocol;
using TeredoSdk.Protocol.Server;
using TeredoSdk.Protocol.Wire;
using TeredoSdk.Telemetry;

namespace TeredoSdk.Engine;

/// <summary>The driver of a <see cref="TeredoServer"/>: its sockets, its clock, and its path to the native internet.</summary>
/// <remarks>One lock guards the core, and no system call runs under it. Safe for any number of threads.</remarks>
sealed class ServerDriver : IAsyncDisposable
{
    const int MaxDatagramOctets = 1500; // the core never makes a larger one
    static readonly TimeSpan LimitLogSpacing = TimeSpan.FromMinutes(1);

    readonly Lock _gate = new();
    readonly TeredoServer _core;
    readonly EngineClock _clock;
    readonly ILogger _log;
    readonly IUdpTransport?[] _transports = new IUdpTransport?[4]; // as IndexOf has them
    readonly NativeSender? _native;
    readonly string? _nativeProblem;
    Instant _limitLogAt; // no message about the rate limits before
    long _limitsLogged;  // how many drops the messages have told

    /// <param name="options">The settings of the core; the driver sets <see cref="TeredoServerOptions.ForwardNative"/> itself.</param>
    /// <param name="port">The UDP port at each of the server's addresses.</param>
    /// <param name="network">The machine's network.</param>
    /// <param name="random">Randomness for the core.</param>
    /// <param name="time">The clock.</param>
    /// <param name="log">The logger.</param>
    /// <exception cref="ArgumentException">The core refuses the options.</exception>
    /// <exception cref="TeredoException"><see cref="TeredoError.PortUnavailable"/>: a socket can't be opened. No socket is left open.</exception>
    public ServerDriver(TeredoServerOptions options, ushort port, IHostNetwork network, IRandomSource random, TimeProvider time, ILogger log)
    {
        (_clock, _log) = (new(time), log);
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
        Completion = Task.WhenAll(_transports.Select(transport => transport?.Completion ?? Task.CompletedTask));
        Log.ServerStarted(log, _transports[0]!.LocalEndpoint.ToIPEndPoint(), _transports[1]?.LocalEndpoint.ToIPEndPoint());
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
                    EndPoint = _transports[0]!.LocalEndpoint.ToIPEndPoint(),
                    SecondaryEndPoint = _transports[1]?.LocalEndpoint.ToIPEndPoint(),
                    ReflectEndPoint = _transports[IndexOf(LocalPort.Reflector)]?.LocalEndpoint.ToIPEndPoint(),
                    ForwardsToNativeIPv6 = _native is not null,
                    Drops = Enum.GetValues<DropReason>().Select(reason => (reason, _core.Drops[reason])).Where(drop => drop.Item2 > 0).ToDictionary(),
                    Problem = _nativeProblem,
                };
            }
        }
    }

    /// <summary>Closes the sockets, and waits until they are no longer used. Idempotent.</summary>
    public async ValueTask DisposeAsync()
    {
        Close();
        await Completion.ConfigureAwait(false);
    }

    void Open(IHostNetwork network, IPv4Endpoint local, LocalPort port)
    {
        try
        {
            _transports[IndexOf(port)] = network.Open(local, (source, payload) => HandleDatagram(port, source, payload));
        }
        catch (SocketException e)
        {
            throw new TeredoException(TeredoError.PortUnavailable,
                $"UDP port {local.Port} of {local.Address} can't be used ({e.Message}). Choose an address of this machine at which no other Teredo server runs.", e);
        }
    }

    void HandleDatagram(LocalPort via, IPv4Endpoint source, ReadOnlySpan<byte> payload)
    {
        Span<byte> buffer = stackalloc byte[MaxDatagramOctets];
        Verdict verdict;
        Transmit transmit;
        bool answers, forwards, more;
        int length = 0;
        long limited;
        ServerLimit limit;
        lock (_gate)
        {
            var now = _clock.Now;
            verdict = _core.HandleDatagram(now, via, source, payload);
            limited = verdict.Reason == DropReason.RateLimited ? CountForLog(now) : 0;
            limit = _core.LastLimit;
            answers = _core.TryTakeTransmit(buffer, out transmit); // one per datagram, of either kind, and two for an order to the reflector
            forwards = !answers && _core.TryTakeDelivery(buffer, out length);
            more = _core.HasTransmits;
        }
        if (verdict.Kind == VerdictKind.Dropped)
            Log.PacketDropped(_log, source, verdict.Reason);
        if (limited > 0)
            Log.LimitReached(_log, limited, source, limit);
        if (answers)
            Send(transmit, buffer);
        else if (forwards)
            _native?.Send(buffer[..length]);
        while (more)
        {
            lock (_gate)
                more = _core.TryTakeTransmit(buffer, out transmit);
            if (more)
                Send(transmit, buffer);
        }
    }

    // The first datagrams may come while the other sockets are being opened.
    void Send(in Transmit transmit, ReadOnlySpan<byte> buffer) =>
        _transports[IndexOf(transmit.Via)]?.Send(transmit.Target, buffer[..transmit.Length], transmit.Ttl);

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

    static int IndexOf(LocalPort port) => port.Id - LocalPort.ServerPrimary.Id; // they follow each other

    void Close()
    {
        foreach (var transport in _transports)
            transport?.Dispose();
        _native?.Dispose();
    }
}
