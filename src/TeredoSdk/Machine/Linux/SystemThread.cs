using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;

namespace TeredoSdk.Machine.Linux;

/// <summary>Starts threads as one more call of the system that may be refused.</summary>
[SupportedOSPlatform("linux")]
static class SystemThread
{
    /// <summary>Starts a thread without the context of the caller.</summary>
    /// <returns>False when the system refuses: <see cref="Marshal.GetLastPInvokeError"/> says why, as after any call.</returns>
    public static bool TryStart(this Thread thread)
    {
        try
        {
            thread.UnsafeStart();
            return true;
        }
        catch (OutOfMemoryException) // what the runtime calls every refusal; it also needs two descriptors for a moment
        {
            Marshal.SetLastPInvokeError(FindErrno());
            return false;
        }
    }

    static int FindErrno()
    {
        using SafeFileHandle one = Libc.EventFd(0, Libc.EFD_CLOEXEC), other = Libc.EventFd(0, Libc.EFD_CLOEXEC);
        return other.IsInvalid ? Marshal.GetLastPInvokeError() : Libc.EAGAIN; // pthread_create(3): the limit on threads
    }
}
