using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace TeredoSdk.Tests.Shared;

/// <summary>How many descriptors a running process of the same user, or this one, may open. For Linux.</summary>
static class DescriptorLimit
{
    const int Nofile = 7; // asm-generic/resource.h

    /// <summary>Lets the process open no descriptor more, or as many as before.</summary>
    public static void Set(int process, bool isLimited)
    {
        const int taken = 3;  // the standard streams have the numbers below; open descriptors with higher ones stay
        Assert.That(SetLimit(process, Nofile, IntPtr.Zero, out var limit), Is.Zero);
        limit.Soft = isLimited ? taken : limit.Hard;
        Assert.That(SetLimit(process, Nofile, in limit, IntPtr.Zero), Is.Zero);
    }

    /// <summary>Lets this very process open so many descriptors more, until the result is disposed. No other test may run meanwhile.</summary>
    public static IDisposable Leave(int free)
    {
        const int spare = 16; // holes among the numbers that are taken
        var highest = Directory.GetFiles("/proc/self/fd").Max(path => ulong.Parse(Path.GetFileName(path), CultureInfo.InvariantCulture));
        Assert.That(SetLimit(0, Nofile, IntPtr.Zero, out var before), Is.Zero);
        Assert.That(SetLimit(0, Nofile, before with { Soft = highest + spare + (ulong)free }, IntPtr.Zero), Is.Zero);
        var taken = new Taken(before);
        for (int descriptor; (descriptor = Duplicate(0)) >= 0;)
            taken.Descriptors.Push(new(descriptor, ownsHandle: true));
        for (int i = 0; i < free; i++)
            taken.Descriptors.Pop().Dispose();
        return taken;
    }

    sealed class Taken(Limit before) : IDisposable
    {
        public Stack<SafeFileHandle> Descriptors { get; } = [];

        public void Dispose()
        {
            foreach (var descriptor in Descriptors)
                descriptor.Dispose();
            Assert.That(SetLimit(0, Nofile, in before, IntPtr.Zero), Is.Zero);
        }
    }

    [DllImport("libc", EntryPoint = "dup")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    static extern int Duplicate(int descriptor);

    [DllImport("libc", EntryPoint = "prlimit64")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    static extern int SetLimit(int process, int resource, IntPtr wanted, out Limit current);

    [DllImport("libc", EntryPoint = "prlimit64")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    static extern int SetLimit(int process, int resource, in Limit wanted, IntPtr current);

    [StructLayout(LayoutKind.Sequential)]
    struct Limit
    {
        public ulong Soft, Hard;
    }
}
