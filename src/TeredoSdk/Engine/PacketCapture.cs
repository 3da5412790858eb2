using System.Net;
using TeredoSdk.Machine;
using TeredoSdk.Machine.Bursts;
using TeredoSdk.Protocol;
using TeredoSdk.Protocol.Client;

namespace TeredoSdk.Engine;

/// <summary>Writes an engine's traffic to a pcap file: the datagrams outside the tunnel and the packets inside.</summary>
/// <remarks>
/// Each record is written before its packet goes on, so that a crash loses none. The capture ends when the file has reached 1 GiB.
/// Safe for any number of threads.
/// </remarks>
sealed class PacketCapture : IDisposable
{
    const long MaxOctets = 1L << 30;
    const byte UsualTtl = 64; // recorded for datagrams that came in, because the system does not tell their TTL

    readonly Lock _gate = new();
    readonly FileStream _stream;
    readonly PcapFile _file;
    readonly TimeProvider _time;
    bool _ended;

    PacketCapture(FileStream stream, TimeProvider time) => (_stream, _file, _time) = (stream, new(stream), time);

    /// <param name="path">The file, which is overwritten; null for no capture.</param>
    /// <param name="time">The clock.</param>
    /// <exception cref="TeredoException"><see cref="TeredoError.CaptureUnavailable"/>: the file can't be written.</exception>
    public static PacketCapture? Start(string? path, TimeProvider time)
    {
        if (path is null)
            return null;
        try
        {
            // A second writer must fail, and readers must not. Outside Windows, FileShare.Read admits a second writer, and FileShare.None admits readers.
            var share = OperatingSystem.IsWindows() ? FileShare.Read : FileShare.None;
            return new(new(path, FileMode.Create, FileAccess.Write, share, bufferSize: 0), time);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException or ArgumentException)
        {
            throw new TeredoException(TeredoError.CaptureUnavailable, $"The capture file {path} can't be written ({e.Message}). Choose a file in a folder "
                + $"that exists and that this program may write to, one for each node, or leave {nameof(TeredoOptions.CaptureFile)} out.", e);
        }
    }

    /// <summary>Wraps a network, so that its datagrams are captured.</summary>
    public IHostNetwork Around(IHostNetwork network) => new CapturedNetwork(this, network);

    /// <summary>Records an IPv6 packet that comes out of the tunnel or goes into it.</summary>
    public void TakePacket(ReadOnlySpan<byte> packet)
    {
        lock (_gate)
            if (MayWrite())
                Try(packet, static (capture, octets) => capture._file.WritePacket(capture.Now, octets));
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _ended = true;
            _stream.Dispose();
        }
    }

    TimeSpan Now => _time.GetUtcNow() - DateTimeOffset.UnixEpoch;

    void TakeDatagram(IPv4Endpoint source, IPv4Endpoint target, byte ttl, ReadOnlySpan<byte> payload)
    {
        lock (_gate)
            if (MayWrite())
                Try(payload, (capture, octets) => capture._file.WriteDatagram(capture.Now, source, target, ttl, octets));
    }

    // Called under the lock.
    bool MayWrite() => !_ended && _stream.Position < MaxOctets;

    // Called under the lock. A full disk ends the capture, not the node.
    void Try(ReadOnlySpan<byte> octets, Writing write)
    {
        try
        {
            write(this, octets);
        }
        catch (IOException)
        {
            _ended = true;
        }
    }

    delegate void Writing(PacketCapture capture, ReadOnlySpan<byte> octets);

    sealed class CapturedNetwork(PacketCapture capture, IHostNetwork inner) : IHostNetwork
    {
        public event Action? Changed
        {
            add => inner.Changed += value;
            remove => inner.Changed -= value;
        }

        public string? WatchProblem => inner.WatchProblem;

        public NetworkState Describe(IPv4Address server) => inner.Describe(server);

        public Task<IPAddress[]> ResolveAsync(string host, CancellationToken cancellationToken) => inner.ResolveAsync(host, cancellationToken);

        public IUdpTransport Open(IPv4Endpoint local, DatagramHandler handler)
        {
            var at = local;
            var transport = inner.Open(local, (buffer, runs) =>
            {
                foreach (var run in runs)
                    foreach (var payload in run.In(buffer))
                        capture.TakeDatagram(run.Source, at, UsualTtl, payload);
                handler(buffer, runs);
            });
            at = transport.LocalEndpoint; // the real port is known only now
            return new CapturedTransport(capture, transport);
        }
    }

    sealed class CapturedTransport(PacketCapture capture, IUdpTransport inner) : IUdpTransport
    {
        public IPv4Endpoint LocalEndpoint => inner.LocalEndpoint;

        public Task Completion => inner.Completion;

        public void Send(IPv4Endpoint target, ReadOnlySpan<byte> payload, byte ttl)
        {
            capture.TakeDatagram(inner.LocalEndpoint, target, ttl == 0 ? UsualTtl : ttl, payload);
            inner.Send(target, payload, ttl);
        }

        public void Send(DatagramBatch batch, int firstGroup, int groupCount)
        {
            Span<byte> datagram = stackalloc byte[DatagramBatch.MaxDatagramOctets];
            foreach (ref var group in batch.Groups.Slice(firstGroup, groupCount))
                for (int i = group.First; i < group.First + group.Count; i++)
                    capture.TakeDatagram(inner.LocalEndpoint, group.Target, UsualTtl, datagram[..batch.CopyTo(i, datagram)]);
            inner.Send(batch, firstGroup, groupCount);
        }

        public TransportFacts Facts => inner.Facts;

        public void Dispose() => inner.Dispose();
    }
}
