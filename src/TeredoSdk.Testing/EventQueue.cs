using TeredoSdk.Protocol;

namespace TeredoSdk.Testing;

/// <summary>What is going to happen, in the order of time and, at one instant, of scheduling.</summary>
sealed class EventQueue
{
    const int MaxEventsAtOneInstant = 100_000;

    readonly PriorityQueue<Action, (TimeSpan Time, long Sequence)> _events = new();
    long _sequence;
    int _atThisInstant;

    public Instant Now { get; private set; }

    public void At(Instant time, Action action) => _events.Enqueue(action, ((time < Now ? Now : time).SinceStart, _sequence++));

    /// <summary>Does the next thing that is due until <paramref name="end"/>; when there is none, time becomes the end.</summary>
    /// <returns>False when there was none.</returns>
    /// <exception cref="InvalidOperationException">Time does not advance any more.</exception>
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
            throw new InvalidOperationException($"More than {MaxEventsAtOneInstant} events at {Now}: something answers itself without delay.");
        Now = new(due.Time);
        action();
        return true;
    }
}
