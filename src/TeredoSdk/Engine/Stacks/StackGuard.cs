using TeredoSdk.Protocol;

namespace TeredoSdk.Engine.Stacks;

/// <summary>Counts drops and opted-in sockets, and notes contacted peers and whether a stranger came in. Safe for any number of threads.</summary>
sealed class StackGuard(EngineClock clock)
{
    const int Contacts = 4096;

    readonly Lock _gate = new();
    readonly FlowTable<IPv6Address> _contacted = new(FlowLifetime.Datagrams, Contacts);
    readonly long[] _drops = new long[Enum.GetValues<DropReason>().Length];
    bool _strangerSeen;
    int _optedIn;

    /// <summary>Whether a packet came in, since <see cref="ForgetStrangers"/>, from a peer that was not contacted before.</summary>
    public bool StrangerSeen => Volatile.Read(ref _strangerSeen);

    /// <summary>Whether an opted-in socket is open.</summary>
    public bool IsOpen => Volatile.Read(ref _optedIn) > 0;

    /// <summary>Counts an opted-in socket that was opened (1) or closed (-1).</summary>
    public void CountOptedIn(int change) => Interlocked.Add(ref _optedIn, change);

    public long this[DropReason reason] => Interlocked.Read(ref _drops[(int)reason]);

    public void Count(DropReason reason) => Interlocked.Increment(ref _drops[(int)reason]);

    /// <summary>Called when the address changes: strangers that came in before say nothing about the new address.</summary>
    public void ForgetStrangers() => Volatile.Write(ref _strangerSeen, false);

    /// <summary>Notes that a stranger's packet came in to the client itself.</summary>
    public void NoteStranger() => Volatile.Write(ref _strangerSeen, true);

    /// <summary>Notes that something is sent to a peer, so that the peer is no stranger.</summary>
    public void NoteContact(IPv6Address peer)
    {
        lock (_gate)
            _contacted.Open(clock.Now, peer);
    }

    /// <summary>Notes a packet that belongs to no flow.</summary>
    public void NoteUnsolicited(IPv6Address peer)
    {
        if (StrangerSeen)
            return;
        lock (_gate)
            _strangerSeen |= !_contacted.Contains(clock.Now, peer);
    }
}
