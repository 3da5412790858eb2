using System.Runtime.InteropServices;

namespace TeredoSdk.Cli;

/// <summary>Ctrl-C and SIGTERM cancel a token. The process is ended when it has not finished a second later, or when a second signal comes.</summary>
sealed class Signals : IDisposable
{
    static readonly TimeSpan Grace = TimeSpan.FromSeconds(0.9);

    readonly CancellationTokenSource _ended = new();
    readonly PosixSignalRegistration[] _registrations;
    Timer? _limit;
    int _received; // the exit code; 0 before a signal came

    public Signals() => _registrations =
    [
        PosixSignalRegistration.Create(PosixSignal.SIGINT, context => Handle(context, 130)),
        PosixSignalRegistration.Create(PosixSignal.SIGTERM, context => Handle(context, 143)),
    ];

    public CancellationToken Token => _ended.Token;

    /// <summary>The exit code, which is 128 plus the signal's number; null before a signal came.</summary>
    public int? ExitCode => Volatile.Read(ref _received) is var code and not 0 ? code : null;

    public string Name => ExitCode == 130 ? "Ctrl-C" : "SIGTERM";

    public void Dispose()
    {
        foreach (var registration in _registrations)
            registration.Dispose();
        _limit?.Dispose();
        _ended.Dispose();
    }

    void Handle(PosixSignalContext context, int exitCode)
    {
        context.Cancel = true; // the default would end the process at once
        if (Interlocked.CompareExchange(ref _received, exitCode, 0) != 0)
            Environment.Exit(exitCode);
        _limit = new(_ => Environment.Exit(exitCode), null, Grace, Timeout.InfiniteTimeSpan);
        _ended.Cancel();
    }
}
