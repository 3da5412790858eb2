using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using TeredoSdk.Engine.Echo;
using TeredoSdk.Engine.PortMapping;
using TeredoSdk.Engine.Stacks;
using TeredoSdk.Protocol;
using TeredoSdk.Protocol.Client;
using TeredoSdk.Protocol.Wire;
using TeredoSdk.Telemetry;

namespace TeredoSdk.Engine;

/// <summary>What an engine tells. Called one at a time, in order, without a lock of the engine.</summary>
interface IEngineObserver
{
    /// <summary>Something happened to the address, and the stack knows of it.</summary>
    void Handle(ClientEvent clientEvent);

    /// <summary>The stack can't take the address: another program took its device away.</summary>
    void HandleFault(TeredoException problem);
}

/// <summary>An engine as it stands, for a report.</summary>
readonly record struct EngineFacts(TeredoAddress? Address, TeredoServerAddress Server, NatReport Nat, int Peers, PortMappingStatus PortMapping,
    IPv4Endpoint? LocalEndpoint, bool HasNativeIPv6, bool StrangerSeen);

/// <summary>
/// Our own Teredo client with all that a packet meets: the driver of the core, ICMPv6 echo, the guard, and the stack where packets end and sockets
/// begin. No packet leaves it but to UDP and to sockets.
/// </summary>
/// <remarks>Made from the top down: the driver first, then what sends over it, then the stack. Safe for any number of threads.</remarks>
sealed class EmbeddedEngine : IDriverClient, IAsyncDisposable
{
    readonly TeredoDriver _driver;
    readonly StackGuard _guard;
    readonly EchoService _echo;
    readonly PeerWatch _watch = new();
    readonly PacketCapture? _capture;
    readonly TimeProvider _time;
    readonly IEngineObserver _observer;
    readonly ILogger _log;
    readonly Task<ChosenStack> _choosing;
    ChosenStack? _chosen; // null while it is being made, beside the first solicitations

    /// <summary>Makes an engine that waits for <see cref="StartAsync"/>.</summary>
    /// <param name="options">The settings of the client.</param>
    /// <param name="parts">The machine's network, and what else a test replaces.</param>
    /// <param name="time">The clock and the timers.</param>
    /// <param name="stacks">Which stack it gets.</param>
    /// <param name="capture">Takes all packets, and is disposed at the end; null for none.</param>
    /// <param name="observer">Is told what happens, from the start on.</param>
    /// <param name="log">Where it logs to.</param>
    public EmbeddedEngine(TeredoClientOptions options, EngineParts parts, TimeProvider time, IStackChoice stacks, PacketCapture? capture,
        IEngineObserver observer, ILogger log)
    {
        (_time, _capture, _observer, _log) = (time, capture, observer, log);
        if (capture is not null)
            parts = parts with { Network = capture.Around(parts.Network) };
        var clock = new EngineClock(time);
        _guard = new(clock);
        _driver = new(options, parts, time, this, log) { Capture = capture };
        _echo = new(clock, _guard, _driver);
        _choosing = stacks.MakeAsync(new(clock, _guard, _watch, _driver, log));
    }

    public TeredoAddress? Address => _driver.Address;

    /// <summary>Why the last UDP port could not be opened, or null.</summary>
    public SocketException? PortFailure => _driver.PortFailure;

    public bool HasNativeIPv6 => _driver.HasNativeIPv6;

    public TeredoServerAddress Server => _driver.Read(static core => core.Server);

    /// <summary>Where sockets begin. There when <see cref="StartAsync"/> has returned.</summary>
    public ISocketStack Stack => Volatile.Read(ref _chosen)!.Stack;

    /// <summary>What was passed over on the way to the stack.</summary>
    public IReadOnlyList<PassedOver> PassedOver => Volatile.Read(ref _chosen)?.PassedOver ?? [];

    /// <summary>Starts the client, and makes the stack meanwhile.</summary>
    /// <exception cref="TeredoException">The stack that was asked for can't be had, or can't take the address.</exception>
    public async Task StartAsync()
    {
        _driver.Start();
        Volatile.Write(ref _chosen, await _choosing.ConfigureAwait(false));
        if (_driver.Address is { } address) // it may come at the same time: whoever is second sets it
            Stack.SetAddress(address);
    }

    public EngineFacts Describe()
    {
        var (address, server, nat, peers) = _driver.Read(static core => (core.Address, core.Server, core.Nat, core.PeerCount));
        return new(address, server, nat, peers, _driver.PortMapping, _driver.LocalEndpoint, _driver.HasNativeIPv6, _guard.StrangerSeen);
    }

    /// <summary>What the core and the stack dropped, by reason; reasons that never occurred are left out.</summary>
    public Dictionary<DropReason, long> CopyDrops()
    {
        var reasons = Enum.GetValues<DropReason>();
        return reasons.Zip(_driver.CopyDrops(reasons), (reason, count) => (reason, count + _guard[reason])).Where(drop => drop.Item2 > 0).ToDictionary();
    }

    /// <summary>The wall-clock time of an instant of the core.</summary>
    public DateTimeOffset ToWallClock(Instant instant) => _driver.ToWallClock(instant);

    /// <summary>Tells where the servers are now.</summary>
    public void SetServers(IReadOnlyList<TeredoServerAddress> servers) => _driver.SetServers(servers);

    /// <summary>Wakes a dormant client.</summary>
    public void Wake()
    {
        _driver.AcquireLease();
        _driver.ReleaseLease();
    }

    /// <summary>A socket that takes packets of strangers is open: the client does not go dormant, and answers Echo Requests.</summary>
    public void Hold()
    {
        _guard.CountOptedIn(1);
        _driver.AcquireLease();
    }

    /// <summary>That socket is closed.</summary>
    public void Release()
    {
        _guard.CountOptedIn(-1);
        _driver.ReleaseLease();
    }

    /// <summary>One attempt to connect, given up as soon as the client finds that the peer can't be reached.</summary>
    /// <exception cref="SocketException">It failed; nothing is left behind.</exception>
    /// <exception cref="TeredoException">The peer can't be reached and why, or the stack has no TCP.</exception>
    public async Task<Socket> ConnectAsync(IPEndPoint remoteEndPoint, CancellationToken cancellationToken)
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
    /// <exception cref="TeredoException">There is no address, or the peer is none that may be sent to.</exception>
    public async Task<TeredoPingReply> PingAsync(IPAddress address, TimeSpan timeout, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var ping = _echo.Ping(IPv6Address.FromIPAddress(address), out ushort sequence);
        try
        {
            var (roundTrip, problem) = await ping.Result.WaitAsync(timeout, _time, cancellationToken).ConfigureAwait(false);
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

    /// <summary>Ends every wait, waits for what closed connections have to send, stops the client and disposes the stack. Idempotent.</summary>
    public async ValueTask DisposeAsync()
    {
        _echo.Close();
        if (Volatile.Read(ref _chosen) is { } chosen)
            await chosen.Stack.DrainAsync().ConfigureAwait(false);
        await _driver.DisposeAsync().ConfigureAwait(false);
        try
        {
            (await _choosing.ConfigureAwait(false)).Stack.Dispose(); // when nothing is delivered to it any more
        }
        catch (TeredoException)
        {
            // None could be made: who started the engine was told.
        }
        _capture?.Dispose();
    }

    void IDriverClient.Receive(ReadOnlySpan<byte> octets)
    {
        _capture?.TakePacket(octets);
        if (!IPv6Packet.TryParse(octets, out var packet))
            _guard.Count(DropReason.MalformedTransport);
        else if (!packet.IsBubble && Volatile.Read(ref _chosen)?.Stack is { } stack
            && (stack.AnswersEcho || packet.NextHeader != NextHeader.Icmpv6 || !_echo.Receive(packet)))
            stack.Receive(packet);
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

    void LoseAddress()
    {
        try
        {
            Volatile.Read(ref _chosen)?.Stack.LoseAddress();
        }
        catch (TeredoException e) // the device was taken away, and the address with it
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
