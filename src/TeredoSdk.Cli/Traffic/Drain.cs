using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace TeredoSdk.Cli.Traffic;

/// <summary>
/// Waits until the peer has all data. The engine ends with the command, and data that the kernel has not sent by then would be lost.
/// </summary>
[SupportedOSPlatform("linux")]
static partial class Drain
{
    const nuint UnsentOctets = 0x5411; // SIOCOUTQ counts octets without acknowledgement; the end of the stream counts as one
    static readonly TimeSpan DataLimit = TimeSpan.FromSeconds(60);
    static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(5);     // the peer may be gone, or its last acknowledgement lost
    static readonly TimeSpan LastWait = TimeSpan.FromSeconds(0.2);   // lets our acknowledgement of the peer's end get out
    static readonly TimeSpan Step = TimeSpan.FromMilliseconds(10);

    /// <exception cref="IOException">The peer broke off the connection before it had all data, or did not accept the data in time.</exception>
    public static Task WaitAsync(Socket socket, IPEndPoint peer, CancellationToken cancellationToken) =>
        WaitAsync(() => (Unacknowledged(socket), ErrorOf(socket)), peer, TimeProvider.System, cancellationToken);

    /// <param name="look">Tells how many octets the peer has not acknowledged, and what has ended the connection.</param>
    /// <param name="peer">The peer.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public static async Task WaitAsync(Func<(int Left, SocketError Error)> look, IPEndPoint peer, TimeProvider time, CancellationToken cancellationToken)
    {
        long start = time.GetTimestamp();
        while (look() is var (left, error) && left > 0)
        {
            var waited = time.GetElapsedTime(start);
            if (left == 1 && waited > EndLimit)
                break;
            if (error != SocketError.Success || waited > DataLimit)
                throw new IOException($"The connection to {peer} failed: the peer did not acknowledge {left} octets. Check that the peer is still running.");
            await Task.Delay(Step, time, cancellationToken);
        }
        await Task.Delay(LastWait, time, cancellationToken);
    }

    static SocketError ErrorOf(Socket socket) => (SocketError)(int)socket.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.Error)!;

    static int Unacknowledged(Socket socket) => Control(socket.SafeHandle, UnsentOctets, out int octets) == 0 ? octets : 0;

    [LibraryImport("libc", EntryPoint = "ioctl")]
    private static partial int Control(SafeHandle socket, nuint request, out int value);
}
