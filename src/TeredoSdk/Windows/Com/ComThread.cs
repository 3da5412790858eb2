using System.Collections.Concurrent;
using System.Runtime.Versioning;

namespace TeredoSdk.Windows.Com;

/// <summary>The one thread that owns COM objects: it makes them, calls them, and answers to any thread. It ends with the process.</summary>
[SupportedOSPlatform("windows")]
sealed class ComThread
{
    readonly BlockingCollection<Action> _work = [];
    readonly Thread _thread;

    ComThread()
    {
        _thread = new Thread(Serve) { IsBackground = true, Name = "TeredoSdk COM" };
        _thread.SetApartmentState(ApartmentState.MTA);
        _thread.Start();
    }

    /// <summary>The process's own.</summary>
    public static ComThread Shared => Holder.Instance;

    /// <summary>Runs work on the thread and waits for it. What it throws comes back to the caller; what it returns must be no COM object.</summary>
    public T Run<T>(Func<T> work)
    {
        if (Thread.CurrentThread == _thread)
            return work();
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        _work.Add(() => Complete(done, work));
        return done.Task.GetAwaiter().GetResult();
    }

    /// <inheritdoc cref="Run{T}(Func{T})"/>
    public void Run(Action work) => Run(() =>
    {
        work();
        return true;
    });

    static void Complete<T>(TaskCompletionSource<T> done, Func<T> work)
    {
        try
        {
            done.SetResult(work());
        }
        catch (Exception failure)
        {
            done.SetException(failure);
        }
    }

    void Serve()
    {
        foreach (var work in _work.GetConsumingEnumerable())
            work();
    }

    // Its thread starts with the first use.
    static class Holder
    {
        public static readonly ComThread Instance = new();
    }
}
