namespace TeredoSdk.Protocol.Tcp;

/// <summary>The state of a connection (RFC 9293 §3.3.2). LISTEN belongs to the host.</summary>
enum TcpState : byte
{
    Closed,
    SynSent,
    SynReceived,
    Established,
    FinWait1,
    FinWait2,
    CloseWait,
    Closing,
    LastAck,
    TimeWait,
}

/// <summary>Why a connection ended before its time.</summary>
enum TcpError : byte
{
    /// <summary>It lives, or both sides finished.</summary>
    None,
    /// <summary>The peer answered the SYN with a reset.</summary>
    Refused,
    /// <summary>The peer reset the connection.</summary>
    Reset,
    /// <summary>The peer did not answer in time.</summary>
    TimedOut,
    /// <summary>An ICMPv6 error ended the attempt to connect (RFC 5927 §5).</summary>
    Unreachable,
    /// <summary>This side gave up: <see cref="TcpConnection.Abort"/>.</summary>
    Aborted,
}

/// <summary>What has changed since <see cref="TcpConnection.TakeChanges"/> was last called.</summary>
[Flags]
enum TcpChanges : byte
{
    None = 0,
    /// <summary>The handshake is complete.</summary>
    Connected = 1,
    /// <summary>More octets can be read, or the peer has finished.</summary>
    Readable = 2,
    /// <summary>Octets can be written again after <see cref="TcpConnection.Write"/> took fewer than it was given.</summary>
    Writable = 4,
    /// <summary>The peer will send nothing behind what can be read.</summary>
    PeerFinished = 8,
    /// <summary>The state is <see cref="TcpState.TimeWait"/> or <see cref="TcpState.Closed"/>: nothing more comes or goes.</summary>
    Finished = 16,
    /// <summary>The state is <see cref="TcpState.Closed"/>: the host forgets the connection. <see cref="TcpConnection.Error"/> says why.</summary>
    Closed = 32,
}
