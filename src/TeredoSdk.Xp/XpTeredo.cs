using System;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Threading;

namespace TeredoSdk.Xp;

/// <summary>
/// Windows' own Teredo on Windows XP SP3 and Server 2003 SP2, for applications that cannot run a newer .NET than the .NET Framework 4.0. That
/// framework needs these service packs.
/// </summary>
/// <remarks>
/// <para>
/// Call <see cref="Prepare"/> once, as an administrator, when the application is set up or started. Then call <see cref="SetUnrestricted"/> with each
/// IPv6 socket that strangers should reach, before it is bound. Nothing is installed, enabled or opened unless a callback has consented.
/// </para>
/// <para>All members block, and may be called from any thread. The caller must not run two preparations at the same time.</para>
/// <para>Source: "Using Teredo in Windows XP", "IPV6_PROTECTION_LEVEL" and <c>INetFwOpenPort</c> of the Windows SDK.</para>
/// </remarks>
public sealed class XpTeredo
{
    static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(500);

    readonly IXpSystem _system;

    /// <summary>Makes an object for the Teredo of this machine. It does not read anything yet.</summary>
    public XpTeredo() : this(new WindowsSystem())
    {
    }

    internal XpTeredo(IXpSystem system) => _system = system;

    /// <summary>Whether IPv6 is installed, so that an IPv6 socket can be made.</summary>
    public bool IsIPv6Installed => _system.CanOpenIPv6Socket;

    /// <summary>Whether an address is a Teredo address: in 2001::/32, or in the old prefix 3ffe:831f::/32.</summary>
    public static bool IsTeredoAddress(IPAddress address) =>
        TeredoPrefix.Contains(address ?? throw new ArgumentNullException(nameof(address)));

    /// <summary>Lets strangers reach a socket through Teredo: its <c>IPV6_PROTECTION_LEVEL</c> becomes unrestricted (10).</summary>
    /// <param name="socket">An IPv6 socket that is not bound yet. Packets that arrive between bind and this call would be refused.</param>
    /// <exception cref="ArgumentException">The socket is not an IPv6 socket.</exception>
    /// <exception cref="InvalidOperationException">The socket is bound.</exception>
    /// <exception cref="XpTeredoException"><see cref="XpTeredoError.ProtectionLevelRefused"/>.</exception>
    public static void SetUnrestricted(Socket socket)
    {
        if (socket is null)
            throw new ArgumentNullException(nameof(socket));
        if (socket.AddressFamily != AddressFamily.InterNetworkV6)
            throw new ArgumentException("Only an IPv6 socket has a protection level: make it with AddressFamily.InterNetworkV6.", nameof(socket));
        if (socket.IsBound)
            throw new InvalidOperationException("The socket is bound already: set its protection level before Bind, Connect or Listen.");

        try
        {
            socket.SetSocketOption(SocketOptionLevel.IPv6, SocketOptionName.IPProtectionLevel, (int)IPProtectionLevel.Unrestricted);
        }
        catch (SocketException e)
        {
            throw new XpTeredoException(XpTeredoError.ProtectionLevelRefused,
                $"The system refused the socket's protection level ({e.SocketErrorCode}): it needs a service pack of Windows XP or Server 2003."
                + " Install the newest one.", e);
        }
    }

    /// <summary>The Teredo address of this machine, or null when there is none.</summary>
    public IPAddress? FindAddress() => _system.Addresses.FirstOrDefault(TeredoPrefix.Contains);

    /// <summary>Waits for a Teredo address.</summary>
    /// <param name="timeout">The longest wait; zero checks once.</param>
    /// <param name="cancellation">Gives up the wait.</param>
    /// <exception cref="XpTeredoException"><see cref="XpTeredoError.NoAddress"/>: no address came in time.</exception>
    /// <exception cref="OperationCanceledException">The wait was cancelled.</exception>
    public IPAddress WaitForAddress(TimeSpan timeout, CancellationToken cancellation = default)
    {
        IPAddress? address = null;
        if (Becomes(() => (address = FindAddress()) is not null, timeout, cancellation))
            return address!;
        throw new XpTeredoException(XpTeredoError.NoAddress, $"No interface got a Teredo address within {timeout.TotalSeconds:0.#} seconds:"
            + $" check the state with 'netsh {Netsh.ShowTeredo}', and check that UDP to port 3544 of the server gets out.");
    }

    /// <summary>
    /// Makes Teredo ready: installs IPv6, enables the client at a fixed UDP port, opens that port and what the application itself needs in the
    /// firewall, and waits for an address. Parts that are ready already are left alone.
    /// </summary>
    /// <param name="options">The wanted settings.</param>
    /// <param name="consent">
    /// Asks the user. All questions come before the first change, so a refusal leaves everything unchanged. Null forbids all changes.
    /// </param>
    /// <param name="cancellation">Gives up before the next step; changes until then stay.</param>
    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    /// <exception cref="XpTeredoException">
    /// A step failed, or consent was missing. Earlier steps stay; another call continues from there.
    /// </exception>
    /// <exception cref="OperationCanceledException">The call was cancelled.</exception>
    public XpReport Prepare(XpTeredoOptions options, Func<XpConsentRequest, bool>? consent, CancellationToken cancellation = default) =>
        new Preparation(_system, this, options ?? throw new ArgumentNullException(nameof(options)), cancellation).Run(consent);

    /// <summary>Opens a port in the firewall for all programs and computers, with the current profile's globally open ports.</summary>
    /// <param name="protocol">The port's protocol.</param>
    /// <param name="port">The port, 1 to 65535.</param>
    /// <param name="name">The exception's name. The firewall's settings show it, and it tells whose exception it is. Not empty.</param>
    /// <param name="consent">Asks the user, unless the port is open already. Null forbids the change.</param>
    /// <returns>False when the port was open already; then nothing was changed.</returns>
    /// <exception cref="ArgumentException">A parameter is out of its range.</exception>
    /// <exception cref="XpTeredoException">The port can't be opened, or consent was missing.</exception>
    public bool OpenPort(XpProtocol protocol, int port, string name, Func<XpConsentRequest, bool>? consent) =>
        Open(new PortOpening(protocol, port, name), consent);

    /// <summary>Removes the exception that <see cref="OpenPort"/> or <see cref="Prepare"/> made under this name.</summary>
    /// <returns>False when there is no exception of this name. An exception of another program for the same port stays.</returns>
    /// <exception cref="ArgumentException">A parameter is out of its range.</exception>
    /// <exception cref="XpTeredoException">The firewall can't be used, or rights are missing.</exception>
    public bool ClosePort(XpProtocol protocol, int port, string name) =>
        new FirewallExceptions(_system).Close(new PortOpening(protocol, port, name));

    /// <summary>Lets all computers reach a program at every port where it listens, with the current profile's authorized applications.</summary>
    /// <param name="path">The program's full path.</param>
    /// <param name="name">The exception's name. The firewall's settings show it, and it tells whose exception it is. Not empty.</param>
    /// <param name="consent">Asks the user, unless the program is let in already. Null forbids the change.</param>
    /// <returns>False when the program was let in already; then nothing was changed.</returns>
    /// <exception cref="ArgumentException">The path is not that of a program, or the name is empty.</exception>
    /// <exception cref="XpTeredoException">The exception can't be made, or consent was missing.</exception>
    public bool AllowProgram(string path, string name, Func<XpConsentRequest, bool>? consent) =>
        Open(new ProgramOpening(path, name).Existing(_system), consent);

    /// <summary>Removes the exception that <see cref="AllowProgram"/> or <see cref="Prepare"/> made under this name.</summary>
    /// <returns>False when there is no exception of this name. An exception that others made for the program stays.</returns>
    /// <exception cref="ArgumentException">The path is not that of a program, or the name is empty.</exception>
    /// <exception cref="XpTeredoException">The firewall can't be used, or rights are missing.</exception>
    public bool DisallowProgram(string path, string name) =>
        new FirewallExceptions(_system).Close(new ProgramOpening(path, name));

    bool Open(Opening opening, Func<XpConsentRequest, bool>? consent)
    {
        var exceptions = new FirewallExceptions(_system);
        if (exceptions.IsOpen(opening))
            return false;
        Consent.Ask(consent, [opening.Request]);
        return exceptions.Open(opening);
    }

    /// <summary>Checks a condition again and again, until it is true or the time is over.</summary>
    internal bool Becomes(Func<bool> condition, TimeSpan timeout, CancellationToken cancellation)
    {
        for (var end = _system.Now + timeout; ; _system.Wait(LookInterval, cancellation))
        {
            cancellation.ThrowIfCancellationRequested();
            if (condition())
                return true;
            if (_system.Now >= end)
                return false;
        }
    }
}
