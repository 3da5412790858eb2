using TeredoSdk.Protocol;

namespace TeredoSdk.Testing;

/// <summary>The future events, in the order of their time. Events at the same instant run in the order in which they were scheduled.</summary>
sealed class EventQueue
{
    const int MaxEventsAtOneInstant = 100_000;

    readonly PriorityQueue<Action, (TimeSpan Time, long Sequence)> _events = new();
    long _sequence;
    int _atThisInstant;

    public Instant Now { get; private set; }

    public bool IsEmpty => _events.Count == 0;

    public void At(Instant time, Action action) => _events.Enqueue(action, ((time < Now ? Now : time).SinceStart, _sequence++));

    /// <summary>Runs the next event that is due until <paramref name="end"/>. When there is none, the time becomes the end.</summary>
    /// <returns>False when there was no event.</returns>
    /// <exception cref="InvalidOperationException">Too many events run at one instant, so time does not advance.</exception>
    public bool Step(Instant end)
    {
        if (!_events.TryPeek(out var action, out var due) || due.Time > end.SinceStart)
        {
            Now = end;
            return false;
        }
        _events.Dequeue();
        _atThisInstant = due.Time == Now.SinceStart ? _atThisInstant + 1 : 0;
        if (_atThisInstant > MaxEventsAtOneInstant)
            throw new InvalidOperationException($"More than {MaxEventsAtOneInstant} events at {Now}: probably two parts answer each other without delay.");
        Now = new(due.Time);
        action();
        return true;
    }
}
