using System.ComponentModel;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;

namespace TeredoSdk.Platform.Tests.Network;

/// <summary>A network namespace by its name in /run/netns, and a way to run code of the tests within it.</summary>
sealed class NetworkNamespace(string name)
{
    public const string Folder = "/run/netns";

    public string Name => name;

    /// <summary>How the kernel names it in /proc: <c>net:[number]</c>. Two processes with the same are in the same namespace.</summary>
    public string Identity => field ??= Run(() => File.ResolveLinkTarget("/proc/thread-self/ns/net", returnFinalTarget: false)!.Name);

    /// <summary>Runs code on a thread of its own that is in the namespace; sockets and processes it makes stay there.</summary>
    public T Run<T>(Func<T> code)
    {
        T result = default!;
        ExceptionDispatchInfo? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                Enter();
                result = code();
            }
            catch (Exception caught)
            {
                failure = ExceptionDispatchInfo.Capture(caught);
            }
        });
        thread.Start();
        thread.Join();
        failure?.Throw();
        return result;
    }

    void Enter()
    {
        using var handle = File.OpenHandle(Path.Combine(Folder, name));
        if (Native.EnterNamespace((int)handle.DangerousGetHandle(), Native.CloneNewNet) != 0)
            throw new Win32Exception(Marshal.GetLastPInvokeError(), $"setns into {name}: {Marshal.GetLastPInvokeErrorMessage()}");
    }
}
