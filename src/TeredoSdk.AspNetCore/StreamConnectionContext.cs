using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;

namespace TeredoSdk.AspNetCore;

/// <summary>A connection without an ordinary socket underneath, for Kestrel. It disposes the Teredo connection when it ends.</summary>
/// <remarks>It reads ahead, as Kestrel's own transport does: so an application is told when the peer breaks off a request that it works at.</remarks>
sealed class StreamConnectionContext : DefaultConnectionContext
{
    readonly TeredoConnection _connection;
    readonly Pipe _input = new(), _output = new();
    readonly CancellationTokenSource _closed = new();
    readonly Task _receiving, _sending;

    public StreamConnectionContext(TeredoConnection connection) : base(Guid.NewGuid().ToString("N"))
    {
        _connection = connection;
        (LocalEndPoint, RemoteEndPoint) = (connection.LocalEndPoint, connection.RemoteEndPoint);
        ConnectionClosed = _closed.Token;
        Transport = new Duplex(_input.Reader, _output.Writer);
        (_receiving, _sending) = (ReceiveAsync(), SendAsync());
    }

    public override void Abort(ConnectionAbortedException abortReason) => _connection.Abort();

    public override async ValueTask DisposeAsync()
    {
        await _output.Writer.CompleteAsync().ConfigureAwait(false);
        await _input.Reader.CompleteAsync().ConfigureAwait(false);
        await _sending.ConfigureAwait(false);
        await _connection.DisposeAsync().ConfigureAwait(false);
        await _receiving.ConfigureAwait(false);
        _closed.Dispose();
        await base.DisposeAsync().ConfigureAwait(false);
    }

    async Task ReceiveAsync()
    {
        Exception? failure = null;
        try
        {
            int octets;
            while ((octets = await _connection.GetStream().ReadAsync(_input.Writer.GetMemory()).ConfigureAwait(false)) > 0)
            {
                _input.Writer.Advance(octets);
                if ((await _input.Writer.FlushAsync().ConfigureAwait(false)).IsCompleted)
                    break;
            }
        }
        catch (ObjectDisposedException e)
        {
            failure = new ConnectionAbortedException(e.Message, e);
        }
        catch (IOException e)
        {
            failure = new ConnectionResetException(e.Message, e);
        }
        await _input.Writer.CompleteAsync(failure).ConfigureAwait(false);
        await _closed.CancelAsync().ConfigureAwait(false); // tells that the peer has ended; what is written is still sent
    }

    async Task SendAsync()
    {
        try
        {
            ReadResult read;
            do
            {
                read = await _output.Reader.ReadAsync().ConfigureAwait(false);
                foreach (var octets in read.Buffer)
                    await _connection.GetStream().WriteAsync(octets).ConfigureAwait(false);
                _output.Reader.AdvanceTo(read.Buffer.End);
            }
            while (!read.IsCompleted);
            _connection.CompleteWriting();
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // The connection has ended, which the other direction tells.
        }
        await _output.Reader.CompleteAsync().ConfigureAwait(false);
    }

    sealed record Duplex(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
