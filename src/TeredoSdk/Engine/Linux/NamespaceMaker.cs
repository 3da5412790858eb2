using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;
using TeredoSdk.Machine.Linux;

namespace TeredoSdk.Engine.Linux;

/// <summary>Makes a user namespace and a network namespace, and returns the descriptors that keep them alive.</summary>
/// <remarks>
/// A process with threads can't enter a user namespace, so a child is started inside new ones. The child shares this process's memory and
/// descriptors, runs only the C library's <c>sleep</c> on a stack of its own, and is killed as soon as descriptors here hold its namespaces.
/// If this process dies meanwhile, the child ends when its sleep ends.
/// </remarks>
[SupportedOSPlatform("linux")]
static unsafe class NamespaceMaker
{
    const int StackOctets = 64 << 10;
    const int ChildSeconds = 5;
    const int Flags = Libc.CLONE_VM | Libc.CLONE_FILES | Libc.CLONE_NEWUSER | Libc.CLONE_NEWNET; // no signal at its end: only we wait for it

    /// <exception cref="TeredoException">This system refuses; the message names the switch that does.</exception>
    public static (SafeFileHandle User, SafeFileHandle Network) Make()
    {
        (SafeFileHandle User, SafeFileHandle Network) made = default;
        int cloneErrno = 0, openErrno = 0;
        // The child shares the C library's thread-local state with the thread that made it. So that thread does nothing else.
        var thread = new Thread(() => made = Run(out cloneErrno, out openErrno), 256 << 10) { IsBackground = true, Name = "Teredo namespace" };
        if (thread.TryStart())
            thread.Join();
        else if (Marshal.GetLastPInvokeError() is var errno && errno == Libc.EAGAIN)
            cloneErrno = errno;
        else
            openErrno = errno;
        if (cloneErrno == 0 && openErrno == 0)
            return made;
        made.User?.Dispose();
        made.Network?.Dispose();
        throw cloneErrno != 0 ? LinuxProblems.OfNamespaces(cloneErrno) : LinuxProblems.OfNamespaceFiles(openErrno);
    }

    static (SafeFileHandle User, SafeFileHandle Network) Run(out int cloneErrno, out int openErrno)
    {
        nint sleep = Libc.AddressOf("sleep");
        byte* stack = (byte*)NativeMemory.AlignedAlloc(StackOctets, 64);
        var signals = Libc.BlockSignals(); // no signal handler of this process may run in the child
        cloneErrno = openErrno = 0;
        try
        {
            int child = Libc.Clone(sleep, stack + StackOctets, Flags, ChildSeconds);
            if (child < 0)
            {
                cloneErrno = Marshal.GetLastPInvokeError();
                return default;
            }
            var user = Open($"/proc/{child}/ns/user", ref openErrno);
            var network = Open($"/proc/{child}/ns/net", ref openErrno);
            Libc.Kill(child, Libc.SIGKILL);
            Libc.Reap(child);
            return (user, network);
        }
        finally
        {
            Libc.RestoreSignals(signals);
            NativeMemory.AlignedFree(stack);
        }
    }
    /// <summary>Opens a file. The first failure stays in <paramref name="errno"/>.</summary>
    internal static SafeFileHandle Open(string path, ref int errno)
    {
        var file = Libc.Open(path, Libc.O_RDONLY | Libc.O_CLOEXEC);
        if (file.IsInvalid && errno == 0)
            errno = Marshal.GetLastPInvokeError();
        return file;
    }
}
