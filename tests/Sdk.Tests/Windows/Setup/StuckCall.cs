using TeredoSdk.Testing;

namespace TeredoSdk.Tests.Windows.Setup;

/// <summary>A call of Windows that does not return until this is disposed.</summary>
sealed class StuckCall : IDisposable
{
    readonly FakeWindows _windows;
    readonly ManualResetEventSlim _answer = new();
    readonly SemaphoreSlim _asked = new(0);

    public StuckCall(FakeWindows windows, string name) : this(windows, call => call == name)
    {
    }

    public StuckCall(FakeWindows windows, Predicate<string> isStuck)
    {
        _windows = windows;
        windows.OnCall = call =>
        {
            if (!isStuck(call))
                return;
            _asked.Release();
            _answer.Wait();
        };
    }

    public async Task WhenReachedAsync() => Assert.That(await _asked.WaitAsync(Patience.Limit));

    // The two are not disposed: a call may be about to use them.
    public void Dispose()
    {
        _windows.OnCall = null;
        _answer.Set();
    }
}
