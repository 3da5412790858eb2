using TeredoSdk.Protocol;

namespace TeredoSdk.Engine.Stacks;

/// <summary>What a stack counted, whom it contacted, who opted in, and whether a stranger came in. Safe for any number of threads.</summary>
sealed class StackGuard(EngineClock clock)
{
    const int Contacts = 4096;

    readonly Lock _gate = new();
    readonly FlowTable<IPv6Address> _contacted = new(FlowLifetime.Datagrams, Contacts);
    readonly long[] _drops = new long[Enum.GetValues<DropReason>().Length];
    bool _strangerSeen;
    int _optedIn;

    /// <summary>Whether a packet of somebody who was not contacted came in since <see cref="ForgetStrangers"/>.</summary>
    public bool StrangerSeen => Volatile.Read(ref _strangerSeen);

    /// <summary>Whether a socket is open that takes packets of strangers.</summary>
    public bool IsOpen => Volatile.Read(ref _optedIn) > 0;

    /// <summary>A socket that takes packets of strangers was opened (1) or closed (-1).</summary>
    public void CountOptedIn(int change) => Interlocked.Add(ref _optedIn, change);

    public long this[DropReason reason] => Interlocked.Read(ref _drops[(int)reason]);

    public void Count(DropReason reason) => Interlocked.Increment(ref _drops[(int)reason]);

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
