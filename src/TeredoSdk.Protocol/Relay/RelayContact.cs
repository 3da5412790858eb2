using TeredoSdk.Protocol.Peers;

namespace TeredoSdk.Protocol.Relay;

/// <summary>The state of a client while the relay waits for an answer to its bubbles, or while the client counts as unreachable.</summary>
sealed class RelayContact(HoldBudget budget)
{
    SentNonces _identifiers;

    /// <summary>The index of the client's entry.</summary>
    public int Peer { get; set; }

    /// <summary>The bubbles that were sent. This must be a field, because the structure is mutable.</summary>
    public BubbleSchedule Schedule;

    /// <summary>The /64 that the last packet for the client came from.</summary>
    public ulong Source { get; set; }

    /// <summary>The packets that wait for the client.</summary>
    public HeldPackets Held { get; } = new(budget);

    /// <summary>When the next bubbles are due, the answer is overdue or, later, the client is forgotten.</summary>
    public Instant NextStep { get; set; }

    /// <summary>Whether all bubbles were sent in vain.</summary>
    public bool IsUnreachable { get; set; }

    /// <summary>The link-local source of the next bubbles.</summary>
    public IPv6Address NextSource(Instant now, ulong random)
    {
        _identifiers.Add(now, random);
        return new(LinkLocalPrefix, random);
    }

    /// <summary>Whether the destination of a bubble is the source of one of our last two bubbles.</summary>
    public bool Matches(Instant now, IPv6Address destination) =>
        destination.High == LinkLocalPrefix && _identifiers.Contains(now, destination.Low);

    /// <summary>Forgets everything, so that the object can serve another client.</summary>
    public void Reset()
    {
        Held.Clear();
        Schedule = default;
        _identifiers = default;
        IsUnreachable = false;
    }

    const ulong LinkLocalPrefix = 0xFE80_0000_0000_0000;
}

/// <summary>The relay's contacts by number; each has one deadline.</summary>
sealed class RelayContacts
{
    readonly HoldBudget _budget = new();
    readonly List<RelayContact> _contacts = [];
    readonly Stack<int> _free = new();
    readonly DeadlineHeap _deadlines = new();

    public RelayContact this[int number] => _contacts[number];

    public Instant? NextDeadline => _deadlines.TryPeek(out _, out var at) ? at : null;

    /// <returns>The number of a new contact.</returns>
    public int Open(int peer)
    {
        if (!_free.TryPop(out int number))
        {
            number = _contacts.Count;
            _contacts.Add(new(_budget));
        }
        _contacts[number].Peer = peer;
        return number;
    }

    /// <summary>Ends a contact; the packets that it holds are dropped.</summary>
    public void Close(int number)
    {
        _contacts[number].Reset();
        _deadlines.Remove(number);
        _free.Push(number);
    }

    /// <summary>Sets the deadline to the next step, or to the time at which the oldest held packet expires, if that is earlier.</summary>
    public void Schedule(int number)
    {
        var contact = _contacts[number];
        _deadlines.Set(number, contact.Held.ExpiresAt is { } expiry && expiry < contact.NextStep ? expiry : contact.NextStep);
    }

    /// <summary>Finds a contact whose deadline has been reached.</summary>
    public bool TryPeekDue(Instant now, out int number) => _deadlines.TryPeek(out number, out var at) && at <= now;
}
