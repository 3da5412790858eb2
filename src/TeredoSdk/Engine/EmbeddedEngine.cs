using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using TeredoSdk.Engine.Echo;
using TeredoSdk.Engine.PortMapping;
using TeredoSdk.Engine.Stacks;
using TeredoSdk.Machine;
using TeredoSdk.Protocol;
using TeredoSdk.Protocol.Client;
using TeredoSdk.Protocol.Wire;
using TeredoSdk.Telemetry;

namespace TeredoSdk.Engine;

/// <summary>Is told what happens in an engine. The calls come one at a time, in order, and without a lock of the engine.</summary>
interface IEngineObserver
{
    /// <summary>An event of the client, for example a change of the address. The stack has been updated before this call.</summary>
    void Handle(ClientEvent clientEvent);

    /// <summary>The stack can't take the address, because another program removed its device.</summary>
    void HandleFault(TeredoException problem);
}

/// <summary>The current state of an engine, for a report.</summary>
readonly record struct EngineFacts(TeredoAddress? Address, TeredoServerAddress Server, NatReport Nat, int Peers, TimeSpan RefreshInterval,
    PortMappingStatus PortMapping, IPv4Endpoint? LocalEndpoint, bool HasNativeIPv6, bool StrangerSeen);

/// <summary>
/// Our own Teredo client with everything that handles a packet: the driver of the core, ICMPv6 echo, the guard, and the stack, where packets end and
/// sockets begin. Packets leave the engine only as UDP datagrams and through sockets.
/// </summary>
/// <remarks>The constructor makes the driver first, then the parts that send through it, then the stack. Safe for any number of threads.</remarks>
sealed class EmbeddedEngine : IDriverClient, IAsyncDisposable
{
    readonly TeredoDriver _driver;
    readonly StackGuard _guard;
    readonly EchoService _echo;
    readonly PeerWatch _watch;
    readonly Wakeups _wakeups;
    readonly PacketCapture? _capture;
    readonly TimeProvider _time;
    readonly IEngineObserver _observer;
    readonly ILogger _log;
    readonly Task<ChosenStack> _choosing;
    Signal<ClientEvent.ReachabilityChecked>? _check; // null while no check of reachability runs
    ChosenStack? _chosen; // null while the stack is being made, which runs beside the first solicitations

    /// <summary>Makes an engine that does nothing before <see cref="StartAsync"/>.</summary>
    /// <param name="options">The settings of the client.</param>
    /// <param name="parts">The machine's network, and other parts that a test replaces.</param>
    /// <param name="time">The clock and the timers.</param>
    /// <param name="stacks">Chooses the stack.</param>
    /// <param name="capture">Records all packets; the engine disposes it at the end. Null for no capture.</param>
    /// <param name="observer">Is told what happens, from the start on.</param>
    /// <param name="log">The log.</param>
    public EmbeddedEngine(TeredoClientOptions options, EngineParts parts, TimeProvider time, IStackChoice stacks, PacketCapture? capture,
        IEngineObserver observer, ILogger log)
    {
        (_time, _capture, _observer, _log, _wakeups) = (time, capture, observer, log, parts.Wakeups);
        if (capture is not null)
            parts = parts with { Network = capture.Around(parts.Network) };
        var clock = new EngineClock(time);
        (_guard, _watch) = (new(clock), new(_wakeups));
        _driver = new(options, parts, time, this, log) { Capture = capture };
        _echo = new(clock, _guard, _driver, parts);
        _choosing = stacks.MakeAsync(new(clock, _guard, _watch, _driver, log, parts));
    }

    public TeredoAddress? Address => _driver.Address;

    /// <summary>Why the last UDP port could not be opened, or null.</summary>
    public SocketException? PortFailure => _driver.PortFailure;

    public bool HasNativeIPv6 => _driver.HasNativeIPv6;

    public TeredoServerAddress Server => _driver.Read(static core => core.Server);

    /// <summary>Where sockets begin. Available once <see cref="StartAsync"/> has returned.</summary>
    public ISocketStack Stack => Volatile.Read(ref _chosen)!.Stack;

    /// <summary>The stacks that were passed over, with the reasons.</summary>
    public IReadOnlyList<PassedOver> PassedOver => Volatile.Read(ref _chosen)?.PassedOver ?? [];

    /// <summary>Starts the client, and makes the stack at the same time.</summary>
    /// <exception cref="TeredoException">The required stack is not available, or it can't take the address.</exception>
    public async Task StartAsync()
    {
        _driver.Start();
        Rehearsal.Begin(Rehearse);
        Volatile.Write(ref _chosen, await _choosing.ConfigureAwait(false));
        if (_driver.Address is { } address) // qualification may end at the same time; then the later of the two sets the address
            Stack.SetAddress(address);
    }

    /// <summary>How packets are moved.</summary>
    public TeredoDatapathReport? Datapath =>
        _driver.Transport is { } transport ? DatapathFacts.Describe(transport, Volatile.Read(ref _chosen)?.Stack.Device) : null;

    public EngineFacts Describe()
    {
        var (address, server, nat, peers, interval) = _driver.Read(static core => (core.Address, core.Server, core.Nat, core.PeerCount, core.RefreshInterval));
        return new(address, server, nat, peers, interval, _driver.PortMapping, _driver.LocalEndpoint, _driver.HasNativeIPv6, _guard.StrangerSeen);
    }

    /// <summary>What the core and the stack dropped, by reason; reasons that never occurred are left out.</summary>
    public Dictionary<DropReason, long> CopyDrops()
    {
        var reasons = Enum.GetValues<DropReason>();
        return reasons.Zip(_driver.CopyDrops(reasons), (reason, count) => (reason, count + _guard[reason])).Where(drop => drop.Item2 > 0).ToDictionary();
    }

    /// <summary>The wall-clock time of an instant of the core.</summary>
    public DateTimeOffset ToWallClock(Instant instant) => _driver.ToWallClock(instant);

    /// <summary>Tells the client the current addresses of the servers.</summary>
    public void SetServers(IReadOnlyList<TeredoServerAddress> servers) => _driver.SetServers(servers);

    /// <summary>Wakes a dormant client.</summary>
    public void Wake()
    {
        _driver.AcquireLease();
        _driver.ReleaseLease();
    }

    /// <summary>Counts an opted-in socket that was opened. While one is open, the client does not go dormant and answers Echo Requests.</summary>
    public void Hold()
    {
        _guard.CountOptedIn(1);
        _driver.AcquireLease();
    }

    /// <summary>Counts an opted-in socket that was closed.</summary>
    public void Release()
    {
        _guard.CountOptedIn(-1);
        _driver.ReleaseLease();
    }

    /// <summary>Makes one attempt to connect, and gives up as soon as the client finds that the peer can't be reached.</summary>
    /// <exception cref="SocketException">The attempt failed; nothing is left behind.</exception>
    /// <exception cref="TeredoException">The peer can't be reached; the message says why.</exception>
    public async Task<IStreamEndpoint> ConnectAsync(IPEndPoint remoteEndPoint, CancellationToken cancellationToken)
    {
        using var attempt = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var watched = _watch.Add(IPv6Address.FromIPAddress(remoteEndPoint.Address), _driver.Address?.ToIPv6Address(), attempt);
        try
        {
            return await Stack.ConnectAsync(remoteEndPoint, attempt.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException && watched.Problem is not null)
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw new TeredoException(watched.Problem.Error, watched.Problem.Message, e);
        }
    }

    /// <summary>Sends one Echo Request and waits for the reply.</summary>
    /// <exception cref="TeredoException">The node has no address, or packets must not be sent to this peer.</exception>
    public async Task<TeredoPingReply> PingAsync(IPAddress address, TimeSpan timeout, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var ping = _echo.Ping(IPv6Address.FromIPAddress(address), out ushort sequence);
        try
        {
            var (roundTrip, problem) = await _wakeups.WaitAsync(ping.Result, timeout, _time, cancellationToken).ConfigureAwait(false);
            return roundTrip is { } time ? new() { Address = address, Status = IPStatus.Success, RoundTripTime = time }
                : new() { Address = address, Status = IPStatus.DestinationHostUnreachable, Problem = problem };
        }
        catch (TimeoutException)
        {
            return new() { Address = address, Status = IPStatus.TimedOut };
        }
        finally
        {
            _echo.Forget(sequence);
        }
    }

    /// <summary>Asks the server for packets of a stranger (docs/protocol §9). Calls at the same time share one check.</summary>
    public async Task<ClientEvent.ReachabilityChecked> CheckReachabilityAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var own = new Signal<ClientEvent.ReachabilityChecked>(_wakeups);
        var check = Interlocked.CompareExchange(ref _check, own, null) ?? own;
        if (check == own && !_driver.TryCheckReachability())
            EndCheck(new() { Outcome = ReachabilityOutcome.Interrupted });
        return await _wakeups.WaitAsync(check.Task, Timeout.InfiniteTimeSpan, _time, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Ends every wait, lets closed connections send their remaining data, stops the client and disposes the stack. Idempotent.</summary>
    public async ValueTask DisposeAsync()
    {
        _echo.Close();
        if (Volatile.Read(ref _chosen) is { } chosen)
            await chosen.Stack.DrainAsync().ConfigureAwait(false);
        await _driver.DisposeAsync().ConfigureAwait(false);
        EndCheck(new() { Outcome = ReachabilityOutcome.Interrupted });
        try
        {
            (await _choosing.ConfigureAwait(false)).Stack.Dispose(); // now that the driver is stopped, nothing is delivered to the stack any more
        }
        catch (TeredoException)
        {
            // No stack could be made. StartAsync has thrown this exception already.
        }
        _capture?.Dispose();
    }

    // What packets go through here handles none, so that it is compiled.
    void Rehearse()
    {
        var stack = _choosing.GetAwaiter().GetResult().Stack;
        _ = stack.AnswersEcho;
        stack.Receive([], []);
        ((IDriverClient)this).Receive([], []);
        _driver.SendNothing();
    }

    void IDriverClient.Receive(ReadOnlySpan<byte> buffer, Span<PacketRange> packets)
    {
        var stack = Volatile.Read(ref _chosen)?.Stack;
        int kept = 0;
        foreach (var range in packets)
        {
            var octets = range.In(buffer);
            _capture?.TakePacket(octets);
            if (!IPv6Packet.TryParse(octets, out var packet))
                continue; // the core parsed it already
            if (HostRules.Judge(packet) is { } reason)
                _guard.Count(reason);
            else if (!packet.IsBubble && stack is not null && (stack.AnswersEcho || packet.NextHeader != NextHeader.Icmpv6 || !_echo.Receive(packet)))
                packets[kept++] = range;
        }
        stack?.Receive(buffer, packets[..kept]);
    }

    void IDriverClient.Handle(ClientEvent clientEvent)
    {
        try
        {
            switch (clientEvent)
            {
                case ClientEvent.Qualified qualified:
                    Volatile.Read(ref _chosen)?.Stack.SetAddress(qualified.Address);
                    break;
                case ClientEvent.AddressChanged changed:
                    _guard.ForgetStrangers();
                    Volatile.Read(ref _chosen)?.Stack.SetAddress(changed.New);
                    break;
                case ClientEvent.AddressLost:
                    _guard.ForgetStrangers();
                    LoseAddress();
                    break;
                case ClientEvent.ReachabilityChecked check:
                    if (check.Outcome == ReachabilityOutcome.Reached)
                        _guard.NoteStranger();
                    EndCheck(check);
                    break;
                case ClientEvent.PeerUnreachable unreachable:
                    HandleUnreachable(unreachable);
                    break;
            }
        }
        catch (TeredoException e)
        {
            _observer.HandleFault(e);
            return;
        }
        _observer.Handle(clientEvent);
    }

    void EndCheck(ClientEvent.ReachabilityChecked result) => Interlocked.Exchange(ref _check, null)?.TrySetResult(result);

    void LoseAddress()
    {
        try
        {
            Volatile.Read(ref _chosen)?.Stack.LoseAddress();
        }
        catch (TeredoException e) // another program removed the device, and the address with it
        {
            Log.EngineFault(_log, e);
        }
    }

    void HandleUnreachable(ClientEvent.PeerUnreachable unreachable)
    {
        Log.PeerUnreachable(_log, unreachable.Peer, unreachable.Reason);
        string why = Problems.Unreachable(unreachable.Peer, unreachable.Reason, _driver.Read(static core => core.Nat));
        _echo.HandleUnreachable(unreachable.Peer, why);
        _watch.HandleUnreachable(unreachable.Peer, null, new(TeredoError.PeerUnreachable, why));
    }
}
