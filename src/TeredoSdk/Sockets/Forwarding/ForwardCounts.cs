using System.Net;

namespace TeredoSdk.Sockets.Forwarding;

/// <summary>What a forward counts. Safe for any number of threads.</summary>
sealed class ForwardCounts
{
    long _begun, _refused, _failed, _idle, _toTarget, _fromTarget, _lost;
    Finding? _problem;

    public void Begin() => Interlocked.Increment(ref _begun);

    public long Refuse() => Interlocked.Increment(ref _refused);

    /// <returns>Whether the session before this one had reached its target.</returns>
    public bool Fail(Finding problem)
    {
        Interlocked.Increment(ref _failed);
        return Interlocked.Exchange(ref _problem, problem) is null;
    }

    public void Reach() => Volatile.Write(ref _problem, null);

    public void EndIdle() => Interlocked.Increment(ref _idle);

    public void Pass(bool toTarget, int octets) => Interlocked.Add(ref toTarget ? ref _toTarget : ref _fromTarget, octets);

    public void Lose() => Interlocked.Increment(ref _lost);

    public TeredoForwardReport Report(IPEndPoint? endPoint, int sessions) => new()
    {
        EndPoint = endPoint,
        Sessions = sessions,
        Begun = Interlocked.Read(ref _begun),
        Refused = Interlocked.Read(ref _refused),
        Failed = Interlocked.Read(ref _failed),
        Idle = Interlocked.Read(ref _idle),
        OctetsToTarget = Interlocked.Read(ref _toTarget),
        OctetsFromTarget = Interlocked.Read(ref _fromTarget),
        DatagramsLost = Interlocked.Read(ref _lost),
        Problem = Volatile.Read(ref _problem),
    };
}
