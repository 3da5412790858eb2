using TeredoSdk.Protocol;

namespace TeredoSdk.Engine.Stacks;

/// <summary>Why a stack dropped a packet that the core let in, or one that it was about to send.</summary>
enum StackDrop
{
    /// <summary>No socket asked for it or takes packets of strangers.</summary>
    Unsolicited,
    /// <summary>Neither TCP, UDP nor ICMPv6, or one that the stack has no use for.</summary>
    UnsupportedProtocol,
    /// <summary>A segment, datagram or ICMPv6 message with a wrong checksum or cut short.</summary>
    MalformedTransport,
    /// <summary>The socket's queue is full.</summary>
    SocketQueueFull,
    /// <summary>More Echo Requests than are answered.</summary>
    EchoRateLimited,
    /// <summary>An answer that would have told a stranger that there is nothing: a TCP reset or an ICMPv6 error.</summary>
    AnswerToStranger,
}

/// <summary>What a stack counted, whom it contacted, who opted in, and whether a stranger came in. Safe for any number of threads.</summary>
sealed class StackGuard(EngineClock clock)
{
    const int Contacts = 4096;

    readonly Lock _gate = new();
    readonly FlowTable<IPv6Address> _contacted = new(FlowLifetime.Datagrams, Contacts);
    readonly long[] _drops = new long[Enum.GetValues<StackDrop>().Length];
    bool _strangerSeen;
    int _optedIn;

    /// <summary>Whether a packet of somebody who was not contacted came in since <see cref="ForgetStrangers"/>.</summary>
    public bool StrangerSeen => Volatile.Read(ref _strangerSeen);

    /// <summary>Whether a socket is open that takes packets of strangers.</summary>
    public bool IsOpen => Volatile.Read(ref _optedIn) > 0;

    /// <summary>A socket that takes packets of strangers was opened (1) or closed (-1).</summary>
    public void CountOptedIn(int change) => Interlocked.Add(ref _optedIn, change);

    public long this[StackDrop reason] => Interlocked.Read(ref _drops[(int)reason]);

    public void Count(StackDrop reason) => Interlocked.Increment(ref _drops[(int)reason]);

    /// <summary>The address is another one: what was seen says nothing about it.</summary>
    public void ForgetStrangers() => Volatile.Write(ref _strangerSeen, false);

    /// <summary>Something is sent to a peer: it is no stranger.</summary>
    public void NoteContact(IPv6Address peer)
    {
        lock (_gate)
            _contacted.Open(clock.Now, peer);
    }

    /// <summary>A packet that no socket had asked for came in.</summary>
    public void NoteUnsolicited(IPv6Address peer)
    {
        if (StrangerSeen)
            return;
        lock (_gate)
            _strangerSeen |= !_contacted.Contains(clock.Now, peer);
    }
}
