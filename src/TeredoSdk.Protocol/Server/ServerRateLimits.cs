namespace TeredoSdk.Protocol.Server;

/// <summary>How often something may happen: on average, and at once after a quiet time.</summary>
public readonly record struct RateLimit
{
    /// <summary>Makes a limit.</summary>
    /// <param name="perSecond">How often in a second on average, 1 to 1,000,000.</param>
    /// <param name="burst">How often at once after a quiet time, 1 to 1,000,000.</param>
    public RateLimit(int perSecond, int burst) => (PerSecond, Burst) = (perSecond, burst);

    /// <summary>How often in a second on average, 1 to 1,000,000.</summary>
    public int PerSecond { get; init; }

    /// <summary>How often at once after a quiet time, 1 to 1,000,000.</summary>
    public int Burst { get; init; }

    internal const int Maximum = 1_000_000;

    /// <summary>The limit in words, for example <c>20 per second, 50 at once</c>.</summary>
    public override string ToString() => $"{PerSecond} per second, {Burst} at once";
}

/// <summary>The rate limits of a <see cref="TeredoServer"/>. They limit what one host can make the server send. RFC 4380 names no values.</summary>
/// <remarks>
/// The limits of the sender are checked before those of the destination. So a single host can't use up what others may send to a destination, or
/// the answers of the other clients behind its NAT.
/// </remarks>
public sealed record ServerRateLimits
{
    /// <summary>Answers (router advertisements, echo replies) to one source endpoint. A qualification needs two.</summary>
    public RateLimit AnswersPerEndpoint { get; init; } = new(2, 4);

    /// <summary>Answers to one source IPv4 address. All clients behind a NAT share it.</summary>
    public RateLimit AnswersPerAddress { get; init; } = new(50, 64);

    /// <summary>Packets forwarded for one source endpoint.</summary>
    public RateLimit ForwardsPerEndpoint { get; init; } = new(20, 50);

    /// <summary>Packets forwarded for one source IPv4 address.</summary>
    public RateLimit ForwardsPerAddress { get; init; } = new(100, 200);

    /// <summary>
    /// Packets forwarded to one destination: an IPv4 address, or the /64 of a native IPv6 address. Senders that exceed
    /// <see cref="FairShare"/> get together at most a quarter of it.
    /// </summary>
    public RateLimit ForwardsPerDestination { get; init; } = new(100, 100);

    /// <summary>
    /// What one source IPv4 address may send to one destination before it counts as a sender of too much. A client needs one packet in 2 s (RFC 4380
    /// §5.2.6).
    /// </summary>
    public RateLimit FairShare { get; init; } = new(2, 4);

    internal const int TableSize = 65536; // keys that each limit remembers, in 1 MiB

    /// <summary>Checks the limits, as a <see cref="TeredoServer"/> does when it is made.</summary>
    /// <exception cref="ArgumentException">A limit is outside its range; the message names it, its value and the range.</exception>
    public void Validate()
    {
        Check(AnswersPerEndpoint, nameof(AnswersPerEndpoint));
        Check(AnswersPerAddress, nameof(AnswersPerAddress));
        Check(ForwardsPerEndpoint, nameof(ForwardsPerEndpoint));
        Check(ForwardsPerAddress, nameof(ForwardsPerAddress));
        Check(ForwardsPerDestination, nameof(ForwardsPerDestination));
        Check(FairShare, nameof(FairShare));
    }

    static void Check(RateLimit limit, string name)
    {
        if (limit.PerSecond is < 1 or > RateLimit.Maximum || limit.Burst is < 1 or > RateLimit.Maximum)
            throw new ArgumentException($"{name} is {limit}; expected 1 to {RateLimit.Maximum}, for both.", name);
    }
}

/// <summary>The limits of a server, by whom they protect.</summary>
public enum ServerLimit
{
    /// <summary>No limit was reached.</summary>
    None,
    /// <summary><see cref="ServerRateLimits.AnswersPerEndpoint"/>.</summary>
    AnswersPerEndpoint,
    /// <summary><see cref="ServerRateLimits.AnswersPerAddress"/>.</summary>
    AnswersPerAddress,
    /// <summary><see cref="ServerRateLimits.ForwardsPerEndpoint"/>.</summary>
    ForwardsPerEndpoint,
    /// <summary><see cref="ServerRateLimits.ForwardsPerAddress"/>.</summary>
    ForwardsPerAddress,
    /// <summary><see cref="ServerRateLimits.ForwardsPerDestination"/>, or the quarter of it for those that exceed <see cref="ServerRateLimits.FairShare"/>.</summary>
    ForwardsPerDestination,
}
