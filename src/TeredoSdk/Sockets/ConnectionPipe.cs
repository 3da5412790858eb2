using System.IO.Pipelines;
using TeredoSdk.Links;

namespace TeredoSdk.Sockets;

/// <summary>The pipes of a connection. They buffer a little, and read and write its stream.</summary>
sealed class ConnectionPipe(OpenConnection connection, ConnectionStream stream) : IDuplexPipe
{
    public PipeReader Input { get; } = PipeReader.Create(stream, new(leaveOpen: true, useZeroByteReads: true));

    public PipeWriter Output { get; } = new HalfClosingWriter(connection, PipeWriter.Create(stream, new(leaveOpen: true)));

    /// <summary>A writer whose end is the end of what the connection sends.</summary>
    sealed class HalfClosingWriter(OpenConnection connection, PipeWriter inner) : PipeWriter
    {
        bool _completed;

        public override bool CanGetUnflushedBytes => inner.CanGetUnflushedBytes;

        public override long UnflushedBytes => inner.UnflushedBytes;

        public override void Advance(int bytes) => inner.Advance(bytes);
        public override void CancelPendingFlush() => inner.CancelPendingFlush();
        public override Memory<byte> GetMemory(int sizeHint = 0) => inner.GetMemory(sizeHint);
        public override Span<byte> GetSpan(int sizeHint = 0) => inner.GetSpan(sizeHint);
        public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) => inner.FlushAsync(cancellationToken);

        public override ValueTask<FlushResult> WriteAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken = default) =>
            inner.WriteAsync(source, cancellationToken);

        public override void Complete(Exception? exception = null)
        {
            inner.Complete(exception);
            End(exception);
        }

        public override async ValueTask CompleteAsync(Exception? exception = null)
        {
            await inner.CompleteAsync(exception).ConfigureAwait(false);
            End(exception);
        }

        void End(Exception? exception)
        {
            if (_completed || connection.IsDisposed)
                return;
            _completed = true;
            if (exception is null)
                connection.CompleteWriting();
            else
                connection.Abort();
        }
    }
}
