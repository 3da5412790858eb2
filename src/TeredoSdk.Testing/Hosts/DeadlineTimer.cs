using TeredoSdk.Protocol;

namespace TeredoSdk.Testing;

/// <summary>Wakes a core at its next deadline.</summary>
sealed class DeadlineTimer(SimulatedInternet internet, Func<Instant?> nextDeadline, Action handle)
{
    Instant? _scheduled;

    /// <summary>Call this whenever the deadline may have changed.</summary>
    public void Update()
    {
        if (nextDeadline() is not { } deadline || (_scheduled is { } at && at <= deadline))
            return;
        var due = deadline < internet.Now ? internet.Now : deadline;
        _scheduled = due;
        internet.At(due, () => Fire(due));
    }

    void Fire(Instant due)
    {
        if (_scheduled != due)
            return; // an earlier deadline took its place
        _scheduled = null;
        if (nextDeadline() is { } deadline && deadline <= internet.Now)
            handle();
        Update();
    }
}
