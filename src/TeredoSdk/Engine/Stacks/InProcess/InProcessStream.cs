namespace TeredoSdk.Engine.Stacks.InProcess;

/// <summary>The octets of a connection of the stack inside the process, with the exceptions of a <see cref="System.Net.Sockets.NetworkStream"/>.</summary>
/// <remarks>Disposing it changes nothing: the connection is closed by its owner.</remarks>
sealed class InProcessStream(InProcessConnection connection) : Stream
{
    int _readTimeout = Timeout.Infinite, _writeTimeout = Timeout.Infinite;

    public override bool CanRead => true;
    public override bool CanSeek => false;
    public override bool CanWrite => true;
    public override bool CanTimeout => true;
    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override int ReadTimeout
    {
        get => _readTimeout;
        set => _readTimeout = Check(value);
    }

    public override int WriteTimeout
    {
        get => _writeTimeout;
        set => _writeTimeout = Check(value);
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => connection.ReadAsync(buffer, cancellationToken);

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
        connection.WriteAsync(buffer, cancellationToken);

    public override int Read(Span<byte> buffer) => connection.Read(buffer, TimeSpan.FromMilliseconds(_readTimeout));

    public override void Write(ReadOnlySpan<byte> buffer) => connection.Write(buffer, TimeSpan.FromMilliseconds(_writeTimeout));

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Flush()
    {
        // Nothing is buffered here.
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    static int Check(int milliseconds) => milliseconds is > 0 or Timeout.Infinite ? milliseconds
        : throw new ArgumentOutOfRangeException(nameof(milliseconds), milliseconds, "Expected more than 0 ms, or Timeout.Infinite.");
}
