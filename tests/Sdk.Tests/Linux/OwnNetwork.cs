using System.Diagnostics;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using TeredoSdk.Machine.Linux;

namespace TeredoSdk.Tests.Linux;

/// <summary>Runs code on a thread that is in a network namespace of its own, in which the test may change what it likes. Needs root.</summary>
[SupportedOSPlatform("linux")]
static partial class OwnNetwork
{
    public static void Run(Action code)
    {
        ExceptionDispatchInfo? failure = null;
        bool refused = false;
        var thread = new Thread(() =>
        {
            try
            {
                refused = Unshare(Libc.CLONE_NEWNET) != 0;
                if (refused)
                    return;
                Ip("link set lo up");
                code();
            }
            catch (Exception e)
            {
                failure = ExceptionDispatchInfo.Capture(e);
            }
        });
        thread.Start();
        thread.Join();
        if (refused)
            Assert.Ignore("A network namespace of the test's own needs root and CAP_SYS_ADMIN.");
        failure?.Throw();
    }

    /// <summary>Runs a command of <c>ip</c>, which must succeed, in the namespace of this thread.</summary>
    public static void Ip(string arguments)
    {
        using var process = Process.Start("ip", arguments);
        process.WaitForExit();
        Assert.That(process.ExitCode, Is.Zero, $"ip {arguments}");
    }

    [LibraryImport("libc", EntryPoint = "unshare")]
    private static partial int Unshare(int flags);
}
