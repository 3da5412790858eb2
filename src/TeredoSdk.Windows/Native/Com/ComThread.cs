using System.Collections.Concurrent;
using System.Runtime.Versioning;

namespace TeredoSdk.Windows.Native.Com;

/// <summary>The one thread that owns COM objects: it makes and calls them, and other threads send work to it. It ends with the process.</summary>
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

    /// <summary>The one instance of the process.</summary>
    public static ComThread Shared => Holder.Instance;

    /// <summary>Runs work on the COM thread and waits for its end. The caller gets its exceptions. The result must not be a COM object.</summary>
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

    // The COM thread starts at the first use.
    static class Holder
    {
        public static readonly ComThread Instance = new();
    }
}
