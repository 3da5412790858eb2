using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using TeredoSdk.Links;
using TeredoSdk.Telemetry;

namespace TeredoSdk.Sockets.Forwarding;

/// <summary>A forward at work: it listens at one side, and makes a session at the other one for each who comes. Safe for any number of threads.</summary>
abstract class Forwarder(ITeredoLink link, TeredoForwardOptions options, TimeProvider time, ILogger log) : IAsyncDisposable
{
    static readonly TimeSpan TargetLimit = TimeSpan.FromSeconds(10); // for a program of this machine or its network

    readonly CancellationTokenSource _ending = new();
    Task _running = Task.CompletedTask;
    int _disposed;

    public ITeredoLink Link => link;

    protected TeredoForwardOptions Options => options;

    protected TimeProvider Time => time;

    protected ILogger Logger => log;

    protected ForwardCounts Counts { get; } = new();

    protected CancellationToken Ending => _ending.Token;

    protected bool IsToPeer => options.Direction == TeredoForwardDirection.ToPeer;

    /// <summary>The port of this machine at which it listens; null when it is one of the Teredo address. A closed socket would not tell it.</summary>
    protected IPEndPoint? LocalEndPoint { get; private set; }

    /// <summary>Where it listens.</summary>
    public abstract IPEndPoint? EndPoint { get; }

    public abstract TeredoForwardReport Report { get; }

    /// <summary>Completes when the forward has ended.</summary>
    public Task Completion => _running;

    /// <summary>Opens the port and goes to work.</summary>
    /// <exception cref="TeredoException">The port is taken, or there is no address.</exception>
    public static async Task<Forwarder> StartAsync(ITeredoLink link, TeredoForwardOptions options, TimeProvider time, ILogger log,
        CancellationToken cancellationToken)
    {
        Forwarder forwarder = options.Protocol == ProtocolType.Udp ? new DatagramForwarder(link, options, time, log)
            : new StreamForwarder(link, options, time, log);
        try
        {
            await forwarder.OpenAsync(cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            await forwarder.DisposeAsync().ConfigureAwait(false);
            throw;
        }
        forwarder._running = Task.Run(forwarder.GuardedRunAsync, CancellationToken.None);
        return forwarder;
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            await _ending.CancelAsync().ConfigureAwait(false);
            Close();
        }
        await _running.ConfigureAwait(false);
    }

    protected abstract Task OpenAsync(CancellationToken cancellationToken);

    /// <summary>Takes sessions until the forward or the node ends, and waits for those that are open.</summary>
    protected abstract Task RunAsync();

    /// <summary>Closes the port and ends the sessions.</summary>
    protected abstract void Close();

    /// <summary>Opens a socket of this machine for the port at which programs of this machine connect.</summary>
    protected Socket OpenLocal(SocketType type)
    {
        string protocol = options.Protocol == ProtocolType.Udp ? "UDP" : "TCP";
        var opened = Machine.FreshSocket.Prepare(() => new(options.LocalAddress.AddressFamily, type, options.Protocol), (ushort)options.Port, protocol,
            socket => socket.Bind(new IPEndPoint(options.LocalAddress, options.Port)));
        LocalEndPoint = (IPEndPoint)opened.LocalEndPoint!;
        return opened;
    }

    /// <summary>Connects a socket of this machine to the program.</summary>
    /// <exception cref="TeredoException">The program can't be reached; the message says why.</exception>
    protected async Task<Socket> ConnectToProgramAsync(SocketType type, CancellationToken cancellationToken)
    {
        var (host, port) = options.TargetParts;
        var socket = new Socket(type, options.Protocol);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(TargetLimit);
        try
        {
            if (type == SocketType.Stream)
                socket.NoDelay = true;
            await socket.ConnectAsync(host, port, limit.Token).ConfigureAwait(false);
            return socket;
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException)
        {
            socket.Dispose();
            cancellationToken.ThrowIfCancellationRequested();
            bool isName = e is SocketException { SocketErrorCode: SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain };
            throw new TeredoException(isName ? TeredoError.HostNotResolved
                : e is SocketException { SocketErrorCode: SocketError.ConnectionRefused } ? TeredoError.ConnectionRefused : TeredoError.PeerUnreachable,
                $"The program at {options.Target} can't be reached ({(e is SocketException ? e.Message : $"no answer within {TargetLimit.TotalSeconds:0} s")}). "
                + "Check that it runs and listens there.", e);
        }
    }

    /// <summary>Counts a session that did not reach its target or broke, and logs the first one of several.</summary>
    protected void Fail(EndPoint? source, Exception failure)
    {
        var finding = (failure as TeredoException)?.Finding ?? new TeredoException(TeredoError.PeerUnreachable, failure.Message).Finding;
        if (Counts.Fail(finding))
            Log.ForwardFailed(log, options.Target, finding.Sentence);
        Log.ForwardSessionEnded(log, source, options.Target, finding.Sentence);
    }

    /// <summary>Counts a session that a limit kept out, and logs the first one and each thousandth.</summary>
    protected void Refuse(EndPoint source)
    {
        long refused = Counts.Refuse();
        if (refused % 1000 == 1)
            Log.ForwardRefused(log, source, options.Target, refused);
    }

    async Task GuardedRunAsync()
    {
        try
        {
            await RunAsync().ConfigureAwait(false);
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
        {
            // The forward or its node has ended.
        }
        catch (Exception e)
        {
            Log.EngineFault(log, e);
        }
        Close();
    }
}
