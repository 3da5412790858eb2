using System.Runtime.InteropServices;

namespace TeredoSdk.Tests.Shared;

/// <summary>How many descriptors a running process of the same user may open. For Linux.</summary>
static class DescriptorLimit
{
    /// <summary>Lets the process open no descriptor more, or as many as before.</summary>
    public static void Set(int process, bool isLimited)
    {
        const int nofile = 7; // asm-generic/resource.h
        const int taken = 3;  // the standard streams have the numbers below; open descriptors with higher ones stay
        Assert.That(SetLimit(process, nofile, IntPtr.Zero, out var limit), Is.Zero);
        limit.Soft = isLimited ? taken : limit.Hard;
        Assert.That(SetLimit(process, nofile, in limit, IntPtr.Zero), Is.Zero);
    }

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
