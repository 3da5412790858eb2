using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using TeredoSdk.Links;
using TeredoSdk.Protocol.Wire;
using TeredoSdk.Telemetry;

namespace TeredoSdk.Sockets.Forwarding;

/// <summary>A forward of UDP. Who sends from another port has another session, and so another socket at the target.</summary>
sealed class DatagramForwarder(ITeredoLink link, TeredoForwardOptions options, TimeProvider time, ILogger log) : Forwarder(link, options, time, log)
{
    const int MaxDatagramOctets = 1280 - IPv6Packet.HeaderSize - UdpDatagram.HeaderSize; // RFC 4380 §5.1.2
    const int MaxUdpOctets = 65_507;

    readonly Dictionary<Task, DatagramSession> _running = [];
    SessionTable<SocketAddress>? _sessions;
    OpenDatagrams? _datagrams;
    Socket? _local;

    public override IPEndPoint? EndPoint => _datagrams is not null ? _datagrams.TeredoEndPoint : LocalEndPoint;

    public override TeredoForwardReport Report => Counts.Report(EndPoint, _sessions?.Count ?? 0);

    protected override async Task OpenAsync(CancellationToken cancellationToken)
    {
        if (IsToPeer)
            _local = OpenLocal(SocketType.Dgram);
        else
            _datagrams = await Link.BindDatagramAsync((ushort)Options.Port, IPProtectionLevel.Unrestricted, cancellationToken).ConfigureAwait(false);
        _sessions = new(Options, Time, Counts);
    }

    protected override async Task RunAsync()
    {
        byte[] buffer = new byte[MaxUdpOctets];
        var source = new SocketAddress(_local?.AddressFamily ?? AddressFamily.InterNetworkV6);
        try
        {
            while (true)
            {
                try
                {
                    int length = await ReceiveAsync(buffer, source).ConfigureAwait(false);
                    if (length > MaxDatagramOctets)
                        Counts.Lose();
                    else if (Session(source) is { } session)
                        session.Post(buffer.AsSpan(0, length));
                }
                catch (SocketException) when (!Ending.IsCancellationRequested)
                {
                    // Windows tells so of an earlier datagram that nobody took.
                }
            }
        }
        finally
        {
            Close();
            Task[] running;
            lock (_running)
                running = [.. _running.Keys];
            await Task.WhenAll(running).ConfigureAwait(false);
        }
    }

    protected override void Close()
    {
        _datagrams?.Dispose();
        _local?.Dispose();
        _sessions?.Dispose();
    }

    ValueTask<int> ReceiveAsync(Memory<byte> buffer, SocketAddress source) => _datagrams is not null
        ? _datagrams.Endpoint.ReceiveFromAsync(buffer, source, Ending)
        : _local!.ReceiveFromAsync(buffer, SocketFlags.None, source, Ending);

    // The session of a sender, or null when a limit allows no new one.
    DatagramSession? Session(SocketAddress source)
    {
        if (_sessions!.Find(source) is DatagramSession open)
            return open;
        var key = new SocketAddress(source.Family, source.Size);
        source.Buffer[..source.Size].CopyTo(key.Buffer);
        var sender = (IPEndPoint)new IPEndPoint(source.Family == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any, 0).Create(key);
        var session = new DatagramSession(Counts, Time, MaxDatagramOctets);
        if (!_sessions.TryAdd(key, IsToPeer ? null : sender.Address, session))
        {
            Refuse(sender);
            return null;
        }
        Log.ForwardSessionBegun(Logger, sender, Options.Target);
        lock (_running)
        {
            var serving = ServeAsync(session, key, sender);
            _running[serving] = session;
            _ = serving.ContinueWith(Forget, TaskScheduler.Default);
        }
        return session;

        void Forget(Task ended)
        {
            lock (_running)
                _running.Remove(ended);
        }
    }

    async Task ServeAsync(DatagramSession session, SocketAddress key, IPEndPoint sender)
    {
        await Task.Yield(); // the sender of the next datagram does not wait for a name to be looked up
        try
        {
            var far = await ConnectAsync(session.Ended).ConfigureAwait(false);
            byte[] header = Options.SendProxyHeader ? ProxyHeader.Of(sender, EndPoint ?? sender, isStream: false) : [];
            await session.RunAsync(far, header, datagram => AnswerAsync(datagram, key), problem => Fail(sender, problem)).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            Log.ForwardSessionEnded(Logger, sender, Options.Target, "it was idle, or the forward has ended.");
        }
        catch (Exception e)
        {
            Fail(sender, e);
        }
        _sessions!.Remove(key);
    }

    async ValueTask AnswerAsync(ReadOnlyMemory<byte> datagram, SocketAddress sender)
    {
        if (_datagrams is not null)
            await _datagrams.Endpoint.SendAsync(datagram, sender, Ending).ConfigureAwait(false);
        else
            await _local!.SendToAsync(datagram, SocketFlags.None, sender, Ending).ConfigureAwait(false);
    }

    async Task<DatagramEnd> ConnectAsync(CancellationToken cancellationToken)
    {
        if (!IsToPeer)
            return new DatagramEnd.Local(await ConnectToProgramAsync(SocketType.Dgram, cancellationToken).ConfigureAwait(false));
        var (host, port) = Options.TargetParts;
        var address = (await Link.ResolveAsync(host, cancellationToken).ConfigureAwait(false))[0];
        if (EndPoints.RefusalOf(address) is { } refusal)
            throw refusal;
        return new DatagramEnd.Peer(await Link.BindDatagramAsync(0, IPProtectionLevel.EdgeRestricted, cancellationToken).ConfigureAwait(false), new(address, port));
    }
}
