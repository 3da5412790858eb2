using System;
using System.Collections.Generic;
using System.Net;
using System.Threading;

namespace TeredoSdk.Xp;

/// <summary>The parts of Windows that this library uses, except the option of the caller's own socket.</summary>
interface IXpSystem
{
    /// <summary>Whether the .NET Framework found IPv6. It checks once in the life of a process.</summary>
    bool RuntimeHasIPv6 { get; }

    /// <summary>Whether an IPv6 socket can be made now.</summary>
    bool CanOpenIPv6Socket { get; }

    /// <summary>The addresses of all interfaces.</summary>
    IEnumerable<IPAddress> Addresses { get; }

    /// <summary>A free UDP port of the range from which a program gets none by chance.</summary>
    int ProposedUdpPort { get; }

    /// <summary>A monotonic clock.</summary>
    TimeSpan Now { get; }

    /// <summary>Whether no program has a UDP port at present.</summary>
    bool IsUdpPortFree(int port);

    /// <summary>Whether there is a file of this path.</summary>
    bool FileExists(string path);

    /// <summary>Waits for a time, or until cancelled.</summary>
    void Wait(TimeSpan duration, CancellationToken cancellation);

    /// <summary>Runs netsh without a shell and returns its output. The exit code is not returned, because it says nothing.</summary>
    /// <exception cref="XpTeredoException"><see cref="XpTeredoError.NetshUnavailable"/>.</exception>
    string RunNetsh(string arguments);

    /// <summary>Makes a COM object.</summary>
    /// <exception cref="XpTeredoException"><see cref="XpTeredoError.FirewallUnavailable"/>.</exception>
    object CreateComObject(string progId);
}
