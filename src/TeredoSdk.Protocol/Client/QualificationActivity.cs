namespace TeredoSdk.Protocol.Client;

/// <summary>The activity of qualification: one record for each state, with only that state's data and deadline.</summary>
abstract record QualificationActivity
{
    /// <summary>No activity: off, suppressed or dormant.</summary>
    public sealed record Idle : QualificationActivity;

    /// <summary>Waits until the driver has opened the service port.</summary>
    public sealed record OpeningPort(int Attempt) : QualificationActivity;

    /// <summary>Waits for the gateway's port mapping before it solicits again, behind a symmetric NAT.</summary>
    public sealed record AwaitingMapping(Instant Until) : QualificationActivity;

    /// <summary>Solicits the primary or secondary server address (RFC 4380 §5.2.1). Attempt 0 only waits until the first may be sent.</summary>
    public sealed record Soliciting(bool Secondary, int Attempt, ulong Nonce, Instant RetryAt) : QualificationActivity;

    /// <summary>Qualified; a refresh follows after this interval (RFC 4380 §5.2.5).</summary>
    public sealed record Maintaining(TimeSpan Interval) : QualificationActivity;

    /// <summary>Qualified; a refresh is under way (RFC 4380 §5.2.5).</summary>
    public sealed record Probing(int Attempt, ulong Nonce, Instant RetryAt) : QualificationActivity;

    /// <summary>Qualified; a bubble to ourselves is under way, which shows whether the NAT still has the mapping. A refresh follows.</summary>
    public sealed record Checking(int Attempt, Instant RetryAt) : QualificationActivity;

    /// <summary>Qualification failed; it waits before it tries again.</summary>
    public sealed record Offline(Instant RetryAt) : QualificationActivity;

    /// <summary>The network has gone. The address stays until then, in case the network comes back and the NAT still maps this port.</summary>
    public sealed record Away(Instant Until, ushort Port) : QualificationActivity;
}
