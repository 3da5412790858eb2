namespace TeredoSdk.Protocol.Tcp;

/// <summary>Finds how large packets may be by sending them: smaller when large ones vanish, larger when a probe arrives (RFC 8899, RFC 4821).</summary>
struct PathSizeSearch
{
    const int MinMtuOctets = 1280;                                             // RFC 8200 §5: what Packet Too Big may ask for
    const int MaxProbes = 3;                                                   // RFC 8899 §5.1.2
    const int Precision = 16;                                                  // octets; not in the RFC
    static readonly TimeSpan RaiseInterval = TimeSpan.FromSeconds(600);        // RFC 8899 §5.1.1: PMTU_RAISE_TIMER

    // Where large packets vanish, these are tried: with Teredo's 28 octets of outer headers they fit IPv4 paths of 1300, 1252, 1052 and 576 octets.
    static ReadOnlySpan<int> Steps => [1272, 1220, 1024, 548];

    readonly int _maxOctets;
    int _ceiling, _probe, _probes;
    int _former; // the size before timeouts made it smaller, to be tried again; 0: there is none
    Instant _searchAt = Instant.MinValue;

    /// <param name="startOctets">The size that packets have at first.</param>
    /// <param name="maxOctets">The size up to which larger ones are tried.</param>
    public PathSizeSearch(int startOctets, int maxOctets)
    {
        _maxOctets = _ceiling = Math.Max(startOctets, maxOctets);
        PacketOctets = startOctets;
    }

    /// <summary>PLPMTU: the size of packets, headers included.</summary>
    public int PacketOctets { get; private set; }

    /// <summary>Whether the size is small because of timeouts, and it is not known yet whether the size was their cause.</summary>
    public readonly bool IsInDoubt => _former != 0;

    /// <summary>The size to try next; 0 when there is nothing to try now.</summary>
    public int ProbeOctets(Instant now)
    {
        if (_probe != 0)
            return 0; // one is under way
        if (_former != 0)
            return _former;
        if (_ceiling - PacketOctets < Precision)
        {
            if (now < _searchAt || PacketOctets >= _maxOctets)
                return 0;
            if (_searchAt > Instant.MinValue)
                _ceiling = _maxOctets; // RFC 8899 §5.2: from Search Complete back to Search
            (_probes, _searchAt) = (0, now + RaiseInterval);
        }
        return _probes == 0 && _ceiling == _maxOctets ? _ceiling : (PacketOctets + _ceiling + 1) / 2;
    }

    public void NoteSent(int octets) => _probe = octets;

    /// <summary>What was in the probe is sent again, after a timeout: that says nothing of its size.</summary>
    public void Forget() => _probe = 0;

    /// <summary>The probe has arrived.</summary>
    public void Confirm(Instant now)
    {
        if (_probe >= _former)
            _former = 0;
        (PacketOctets, _probe, _probes) = (Math.Max(PacketOctets, _probe), 0, 0);
        if (_ceiling - PacketOctets < Precision)
            _searchAt = now + RaiseInterval;
    }

    /// <summary>The probe is lost.</summary>
    public void Refuse(Instant now)
    {
        if (_probe != 0 && ++_probes >= MaxProbes)
            (_ceiling, _probes, _former) = (_probe - 1, 0, 0);
        if (_ceiling - PacketOctets < Precision)
            _searchAt = now + RaiseInterval;
        _probe = 0;
    }

    /// <summary>Full segments vanish, though nobody says so. When smaller ones arrive, the size of before is tried first: perhaps nothing has arrived for a while.</summary>
    /// <returns>Whether the size became smaller.</returns>
    public bool StepDown()
    {
        foreach (int step in Steps)
        {
            if (step >= PacketOctets)
                continue;
            if (_former == 0)
                _former = PacketOctets;
            (PacketOctets, _probe, _probes) = (step, 0, 0);
            return true;
        }
        return false;
    }

    /// <summary>Packets of a size that timeouts had made smaller have arrived after all.</summary>
    public void StepBack(int octets)
    {
        if (_former == 0 || octets <= PacketOctets)
            return;
        PacketOctets = octets;
        if (octets >= _former)
            _former = 0;
    }

    /// <summary>A router says what it can carry.</summary>
    /// <returns>Whether the size became smaller.</returns>
    public bool HandleTooBig(Instant now, int mtuOctets)
    {
        if (mtuOctets < MinMtuOctets || mtuOctets >= PacketOctets)
            return false; // RFC 8201 §4: never below the minimum of IPv6
        (PacketOctets, _ceiling, _probe, _former, _searchAt) = (mtuOctets, mtuOctets, 0, 0, now + RaiseInterval);
        return true;
    }
}
