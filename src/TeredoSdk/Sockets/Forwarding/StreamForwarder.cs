using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using TeredoSdk.Links;
using TeredoSdk.Telemetry;

namespace TeredoSdk.Sockets.Forwarding;

/// <summary>A forward of TCP connections.</summary>
sealed class StreamForwarder(ITeredoLink link, TeredoForwardOptions options, TimeProvider time, ILogger log) : Forwarder(link, options, time, log)
{
    const int Backlog = 512;
    static readonly TimeSpan Pause = TimeSpan.FromSeconds(1); // while the system has no descriptors left

    readonly TaskCompletionSource _idle = new(TaskCreationOptions.RunContinuationsAsynchronously);
    SessionTable<object>? _sessions;
    OpenListener? _listener;
    Socket? _local;
    int _running = 1; // the sessions and the listener

    public override IPEndPoint? EndPoint => _listener is not null ? _listener.TeredoEndPoint : LocalEndPoint;

    public override TeredoForwardReport Report => Counts.Report(EndPoint, _sessions?.Count ?? 0);

    protected override async Task OpenAsync(CancellationToken cancellationToken)
    {
        if (IsToPeer)
        {
            _local = OpenLocal(SocketType.Stream);
            _local.Listen(Backlog);
        }
        else
        {
            _listener = await Link.ListenStreamAsync((ushort)Options.Port, IPProtectionLevel.Unrestricted, Backlog, cancellationToken).ConfigureAwait(false);
        }
        _sessions = new(Options, Time, Counts);
    }

    protected override async Task RunAsync()
    {
        try
        {
            while (true)
            {
                var (near, source) = await AcceptAsync().ConfigureAwait(false);
                var session = new StreamSession(near, Counts, Time);
                if (!_sessions!.TryAdd(session, IsToPeer ? null : source.Address, session))
                {
                    Refuse(source);
                    near.Abort();
                    continue;
                }
                Interlocked.Increment(ref _running);
                _ = ServeAsync(session, source);
            }
        }
        finally
        {
            Close();
            Leave();
            await _idle.Task.ConfigureAwait(false);
        }
    }

    protected override void Close()
    {
        _listener?.Dispose();
        _local?.Dispose();
        _sessions?.Dispose();
    }

    async Task<(StreamEnd, IPEndPoint)> AcceptAsync()
    {
        if (_listener is not null)
        {
            var connection = await _listener.AcceptAsync(Ending).ConfigureAwait(false);
            return (new StreamEnd.Peer(connection), connection.RemoteEndPoint);
        }
        while (true)
        {
            try
            {
                var accepted = await _local!.AcceptAsync(Ending).ConfigureAwait(false);
                accepted.NoDelay = true;
                return (new StreamEnd.Local(accepted), (IPEndPoint)accepted.RemoteEndPoint!);
            }
            catch (SocketException e) when (!Ending.IsCancellationRequested)
            {
                Log.AcceptFailed(Logger, Options.Port, Pause.TotalSeconds, e.Message);
                await Task.Delay(Pause, Time, Ending).ConfigureAwait(false);
            }
        }
    }

    async Task ServeAsync(StreamSession session, IPEndPoint source)
    {
        try
        {
            Log.ForwardSessionBegun(Logger, source, Options.Target);
            var far = await ConnectAsync(session.Ended).ConfigureAwait(false);
            Counts.Reach();
            byte[] header = Options.SendProxyHeader ? ProxyHeader.Of(source, EndPoint ?? source, isStream: true) : [];
            await session.RunAsync(far, header).ConfigureAwait(false);
            Log.ForwardSessionEnded(Logger, source, Options.Target, "both sides have ended it.");
        }
        catch (OperationCanceledException)
        {
            session.Abort();
            Log.ForwardSessionEnded(Logger, source, Options.Target, "it was idle, or the forward has ended.");
        }
        catch (Exception e)
        {
            session.Abort();
            Fail(source, e);
        }
        _sessions!.Remove(session);
        Leave();
    }

    async Task<StreamEnd> ConnectAsync(CancellationToken cancellationToken)
    {
        if (!IsToPeer)
            return new StreamEnd.Local(await ConnectToProgramAsync(SocketType.Stream, cancellationToken).ConfigureAwait(false));
        var (host, port) = Options.TargetParts;
        return new StreamEnd.Peer(await Dialing.ConnectAsync(Link, host, port, cancellationToken).ConfigureAwait(false));
    }

    void Leave()
    {
        if (Interlocked.Decrement(ref _running) == 0)
            _idle.SetResult();
    }
}
