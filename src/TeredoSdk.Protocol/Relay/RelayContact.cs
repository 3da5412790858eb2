using TeredoSdk.Protocol.Peers;

namespace TeredoSdk.Protocol.Relay;

/// <summary>What is known of a client while its answer to our bubbles is waited for, or while it counts as unreachable.</summary>
sealed class RelayContact(HoldBudget budget)
{
    SentNonces _identifiers;

    /// <summary>The index of the client's entry.</summary>
    public int Peer { get; set; }

    /// <summary>The bubbles sent; a field because it is a mutable structure.</summary>
    public BubbleSchedule Schedule;

    /// <summary>The packets that wait.</summary>
    public HeldPackets Held { get; } = new(budget);

    /// <summary>When the next bubbles are due, the answer overdue, or, after that, the client forgotten.</summary>
    public Instant NextStep { get; set; }

    /// <summary>Whether all bubbles were sent in vain.</summary>
    public bool IsUnreachable { get; set; }

    /// <summary>The link-local source of the next bubbles.</summary>
    public IPv6Address NextSource(Instant now, ulong random)
    {
        _identifiers.Add(now, random);
        return new(LinkLocalPrefix, random);
    }

    /// <summary>Whether the destination of a bubble is the source of one of our last two.</summary>
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

/// <summary>The contacts by number, each with one deadline.</summary>
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

    /// <summary>Ends a contact; what it holds is thrown away.</summary>
    public void Close(int number)
    {
        _contacts[number].Reset();
        _deadlines.Remove(number);
        _free.Push(number);
    }

    /// <summary>Sets the deadline to the next step, or earlier to the end of the oldest held packet's patience.</summary>
    public void Schedule(int number)
    {
        var contact = _contacts[number];
        _deadlines.Set(number, contact.Held.ExpiresAt is { } expiry && expiry < contact.NextStep ? expiry : contact.NextStep);
    }

    /// <summary>A contact whose deadline is reached.</summary>
    public bool TryPeekDue(Instant now, out int number) => _deadlines.TryPeek(out number, out var at) && at <= now;
}
