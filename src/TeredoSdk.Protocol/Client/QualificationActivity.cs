namespace TeredoSdk.Protocol.Client;

/// <summary>What qualification is busy with: one record for each state, with only that state's data and deadline.</summary>
abstract record QualificationActivity
{
    /// <summary>Nothing: off, suppressed or dormant.</summary>
    public sealed record Idle : QualificationActivity;

    /// <summary>Waiting for the driver to open the service port.</summary>
    public sealed record OpeningPort(int Attempt) : QualificationActivity;

    /// <summary>A symmetric NAT whose gateway maps ports: waiting for the mapping before soliciting again.</summary>
    public sealed record AwaitingMapping(Instant Until) : QualificationActivity;

    /// <summary>Soliciting the primary or secondary server address (RFC 4380 §5.2.1). Attempt 0 only waits until the first may be sent.</summary>
    public sealed record Soliciting(bool Secondary, int Attempt, ulong Nonce, Instant RetryAt) : QualificationActivity;

    /// <summary>Qualified; refreshes after this interval (RFC 4380 §5.2.5).</summary>
    public sealed record Maintaining(TimeSpan Interval) : QualificationActivity;

    /// <summary>Qualified; a refresh is under way (RFC 4380 §5.2.5).</summary>
    public sealed record Probing(int Attempt, ulong Nonce, Instant RetryAt) : QualificationActivity;

    /// <summary>Failed; waiting to try again.</summary>
    public sealed record Offline(Instant RetryAt) : QualificationActivity;
}
