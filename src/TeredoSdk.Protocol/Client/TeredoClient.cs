namespace TeredoSdk.Protocol.Client;

/// <summary>A Teredo client (RFC 4380 §5.2 with RFC 5991 and RFC 6081) as a state machine without sockets, clock or tasks.</summary>
/// <remarks>
/// <para>
/// The driver feeds inputs (<see cref="Start"/>, <see cref="HandleTimeout"/>, <see cref="HandleDatagram"/>,
/// <see cref="HandlePacket"/>, <see cref="HandleAnswer"/>, <see cref="HandleNetworkChanged"/> and the lease calls). After each
/// input, or burst of inputs, it calls <see cref="TryTakeRequest"/>, <see cref="TryTakeTransmit"/>,
/// <see cref="TryTakeDelivery"/> and <see cref="TryTakeEvent"/> until each returns false, and then waits for an input or
/// <see cref="NextDeadline"/>. Instants must never go backwards.
/// </para>
/// <para>One caller at a time: the type has no lock. Bad input from the network is counted in <see cref="Drops"/>, never thrown.</para>
/// </remarks>
public sealed class TeredoClient
{
    /// <param name="options">The settings; validated here.</param>
    /// <param name="random">Where nonces, flags, ports and jitter come from.</param>
    /// <exception cref="ArgumentException">An option is outside its range; the message names it, its value and the range.</exception>
    public TeredoClient(TeredoClientOptions options, IRandomSource random)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(random);
        options.Validate();
    }

    /// <summary>Where the client stands.</summary>
    public ClientState State => throw new NotSupportedException();

    /// <summary>The Teredo address, or null while there is none.</summary>
    public TeredoAddress? Address => throw new NotSupportedException();

    /// <summary>The server in use.</summary>
    public TeredoServerAddress Server => throw new NotSupportedException();

    /// <summary>What is known of the NAT.</summary>
    public NatReport Nat => throw new NotSupportedException();

    /// <summary>How many peers are remembered.</summary>
    public int PeerCount => throw new NotSupportedException();

    /// <summary>What was dropped, by reason.</summary>
    public DropCounters Drops => throw new NotSupportedException();

    /// <summary>When <see cref="HandleTimeout"/> wants to be called next, or null when nothing is scheduled.</summary>
    public Instant? NextDeadline => throw new NotSupportedException();

    /// <summary>Starts the client: opens the service port, maps it if asked to, and qualifies (RFC 4380 §5.2.1).</summary>
    /// <exception cref="InvalidOperationException">It was started before.</exception>
    public void Start(Instant now) => throw new NotSupportedException();

    /// <summary>Stops the client: removes the port mapping (RFC 6081 §5.3.5), closes its ports, forgets its peers.</summary>
    public void Stop(Instant now) => throw new NotSupportedException();

    /// <summary>Does what is due. Early or repeated calls change nothing.</summary>
    public void HandleTimeout(Instant now) => throw new NotSupportedException();

    /// <summary>Takes a UDP datagram (RFC 4380 §5.2.3).</summary>
    /// <param name="now">The current instant.</param>
    /// <param name="via">The socket it came to.</param>
    /// <param name="source">Where it came from.</param>
    /// <param name="payload">The UDP payload; not kept.</param>
    /// <returns>Deliver (hand the range to the host), Held, Consumed or Dropped.</returns>
    public Verdict HandleDatagram(Instant now, LocalPort via, Ipv4Endpoint source, ReadOnlySpan<byte> payload) => throw new NotSupportedException();

    /// <summary>Takes a run of equally long UDP datagrams from one source, the last of which may be shorter.</summary>
    /// <param name="now">The current instant.</param>
    /// <param name="via">The socket they came to.</param>
    /// <param name="source">Where they came from.</param>
    /// <param name="buffer">The UDP payloads, one behind the other.</param>
    /// <param name="segmentSize">Length of each but the last, in octets; at least 1.</param>
    /// <param name="verdicts">Receives a verdict for each; offsets count from the buffer's start.</param>
    /// <returns>How many verdicts were written.</returns>
    /// <exception cref="ArgumentException">There are more segments than verdicts.</exception>
    public int HandleDatagrams(Instant now, LocalPort via, Ipv4Endpoint source, ReadOnlySpan<byte> buffer, int segmentSize, Span<Verdict> verdicts) =>
        throw new NotSupportedException();

    /// <summary>Takes an IPv6 packet of the host (RFC 4380 §5.2.4).</summary>
    /// <param name="now">The current instant.</param>
    /// <param name="packet">The packet, exactly as long as its header says; not kept, but copied when it must wait.</param>
    /// <returns>Send (the same memory, as it is), Held, Consumed or Dropped.</returns>
    public Verdict HandlePacket(Instant now, ReadOnlySpan<byte> packet) => throw new NotSupportedException();

    /// <summary>Takes a run of equally long IPv6 packets of the host, the last of which may be shorter.</summary>
    /// <inheritdoc cref="HandleDatagrams" path="/param|/returns|/exception"/>
    public int HandlePackets(Instant now, ReadOnlySpan<byte> buffer, int segmentSize, Span<Verdict> verdicts) => throw new NotSupportedException();

    /// <summary>Takes the driver's answer to a request.</summary>
    public void HandleAnswer(Instant now, in RequestAnswer answer) => throw new NotSupportedException();

    /// <summary>Takes what changed in the host's network.</summary>
    public void HandleNetworkChanged(Instant now, NetworkState state) => throw new NotSupportedException();

    /// <summary>An opted-in listener opened: while any lease is held the client does not go dormant; a dormant one wakes.</summary>
    public void AcquireLease(Instant now) => throw new NotSupportedException();

    /// <summary>An opted-in listener closed.</summary>
    /// <exception cref="InvalidOperationException">No lease is held.</exception>
    public void ReleaseLease(Instant now) => throw new NotSupportedException();

    /// <summary>Takes a datagram to be sent.</summary>
    /// <param name="buffer">Receives the UDP payload; 65,507 octets always suffice.</param>
    /// <param name="transmit">Length, socket, target and TTL.</param>
    /// <returns>False when there is none.</returns>
    /// <exception cref="ArgumentException">The buffer is too short; the datagram stays.</exception>
    public bool TryTakeTransmit(Span<byte> buffer, out Transmit transmit) => throw new NotSupportedException();

    /// <summary>Takes an IPv6 packet for the host: one that had to wait, or an ICMPv6 error.</summary>
    /// <exception cref="ArgumentException">The buffer is too short; the packet stays.</exception>
    public bool TryTakeDelivery(Span<byte> buffer, out int length) => throw new NotSupportedException();

    /// <summary>Takes a request to the driver.</summary>
    public bool TryTakeRequest(out ClientRequest request) => throw new NotSupportedException();

    /// <summary>Takes an event.</summary>
    public bool TryTakeEvent([System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out ClientEvent? clientEvent) => throw new NotSupportedException();
}
