using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using TeredoSdk;

namespace Chat;

/// <summary>Carries lines over TCP, and with TLS when there is a certificate.</summary>
sealed class StreamCarrier(TeredoNode node, TeredoListener listener, X509Certificate2? certificate, TimeProvider time) : Carrier
{
    public override Invitation Invitation => new(listener.TeredoEndPoint ?? throw new IOException("There is no Teredo address at the moment."), false,
        certificate is null ? null : Tls.Fingerprint(certificate));

    public override async Task<Link> AcceptAsync(CancellationToken cancellationToken)
    {
        var connection = await listener.AcceptAsync(cancellationToken);
        return new StreamLink(connection, stream => certificate is null ? Plain(stream) : Tls.AcceptAsync(stream, certificate, cancellationToken), time);
    }

    public override async Task<Link> ConnectAsync(Invitation peer, CancellationToken cancellationToken)
    {
        if (peer.OverDatagrams || (peer.Fingerprint is null) != (certificate is null))
            throw new IOException($"{peer} does not use the carrier of this chat; all peers of a chat must use the same carrier.");
        var connection = await node.ConnectAsync(peer.EndPoint, cancellationToken);
        return new StreamLink(connection, stream => certificate is null ? Plain(stream)
            : Tls.ConnectAsync(stream, certificate, peer.Fingerprint!, cancellationToken), time);
    }

    public override ValueTask DisposeAsync()
    {
        certificate?.Dispose();
        return listener.DisposeAsync();
    }

    static Task<(Stream, string?)> Plain(Stream stream) => Task.FromResult((stream, (string?)null));
}

/// <summary>The link over one connection.</summary>
sealed class StreamLink(TeredoConnection connection, Func<Stream, Task<(Stream Stream, string? Fingerprint)>> encrypt, TimeProvider time) : Link(time)
{
    readonly SemaphoreSlim _writing = new(1);
    readonly CancellationTokenSource _closed = new();
    Stream _stream = Stream.Null;
    string? _fingerprint;
    Task _reading = Task.CompletedTask;

    public override IPEndPoint RemoteEndPoint => connection.RemoteEndPoint;
    public override string? RemoteFingerprint => _fingerprint;
    protected override bool IsLossy => false;

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        (_stream, _fingerprint) = await encrypt(connection.GetStream()).WaitAsync(cancellationToken);
        _reading = ReadAsync();
    }

    public override async ValueTask DisposeAsync()
    {
        _closed.Cancel();
        await connection.DisposeAsync();
        await _reading;
    }

    protected override async Task WriteAsync(string frame, CancellationToken cancellationToken)
    {
        await _writing.WaitAsync(cancellationToken);
        try
        {
            await _stream.WriteAsync(Encoding.UTF8.GetBytes(frame + "\n"), cancellationToken);
        }
        finally
        {
            _writing.Release();
        }
    }

    // Ends the link when more octets than a frame come without a line end; then it is not a chat peer.
    async Task ReadAsync()
    {
        byte[] buffer = new byte[2 * MaxOctets];
        int filled = 0;
        try
        {
            while (filled < buffer.Length && await _stream.ReadAsync(buffer.AsMemory(filled), _closed.Token) is > 0 and int count)
            {
                filled += count;
                int start = 0;
                for (int end; (end = buffer.AsSpan(start, filled - start).IndexOf((byte)'\n')) >= 0; start += end + 1)
                    await TakeAsync(Encoding.UTF8.GetString(buffer, start, end), _closed.Token);
                buffer.AsSpan(start, filled - start).CopyTo(buffer);
                filled -= start;
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or OperationCanceledException)
        {
            // The connection has ended; the reason does not matter.
        }
        End();
    }
}
