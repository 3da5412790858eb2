using System;
using System.IO;
using System.Runtime.InteropServices;

namespace TeredoSdk.Xp;

/// <summary>The firewall's globally open UDP ports (<c>HNetCfg.FwMgr</c>, current profile). The name of an exception tells whose it is.</summary>
sealed class PortExceptions
{
    // HRESULTs of ERROR_FILE_NOT_FOUND and ERROR_ACCESS_DENIED.
    const int NotFound = unchecked((int)0x80070002), AccessDenied = unchecked((int)0x80070005);

    readonly IXpSystem _system;
    readonly INetFwProfile _profile;

    public PortExceptions(IXpSystem system)
    {
        _system = system;
        _profile = Guarded(() => ((INetFwMgr)system.CreateComObject("HNetCfg.FwMgr")).LocalPolicy.CurrentProfile);
    }

    /// <summary>Whether the firewall is on.</summary>
    public bool FirewallEnabled => Guarded(() => _profile.FirewallEnabled);

    /// <summary>Whether a port is already open for everybody.</summary>
    /// <exception cref="XpTeredoException">
    /// The firewall allows no exceptions, another program has a narrower exception for the port, or the firewall can't be read.
    /// </exception>
    public bool IsOpen(int port, string name) => Guarded(() =>
    {
        if (_profile.ExceptionsNotAllowed)
            throw new XpTeredoException(XpTeredoError.ExceptionsNotAllowed,
                "The firewall allows no exceptions at present: clear \"Don't allow exceptions\" in the control panel's Windows Firewall.");

        var existing = Find(port);
        if (existing is null || LetsAllIn(existing) || IsOwn(existing, name))
            return existing is not null && LetsAllIn(existing);

        throw new XpTeredoException(XpTeredoError.PortExceptionOfOthers,
            $"UDP port {port} already has the exception '{existing.Name}', which is off or limited to some addresses:"
            + " switch it on for all computers in the Windows Firewall, or use another port.");
    });

    /// <summary>Opens a port for everybody, and reads it back.</summary>
    /// <returns>False when the port was open already.</returns>
    public bool Open(int port, string name) => Guarded(() =>
    {
        if (IsOpen(port, name))
            return false;

        if (Find(port) is { } own)
            Widen(own);
        else
            _profile.GloballyOpenPorts.Add(Make(port, name));

        return IsOpen(port, name) ? true : throw new XpTeredoException(XpTeredoError.PortExceptionNotKept,
            $"The firewall did not keep the exception for UDP port {port}: a group policy may control its settings."
            + " Ask the administrator of the domain to open the port.");
    });

    /// <summary>Removes the exception of this name for a port.</summary>
    /// <returns>False when there is no such exception. An exception of another program stays.</returns>
    public bool Close(int port, string name) => Guarded(() =>
    {
        if (Find(port) is not { } existing || !IsOwn(existing, name))
            return false;
        _profile.GloballyOpenPorts.Remove(port, NetFwProtocol.Udp);
        return true;
    });

    INetFwOpenPort? Find(int port)
    {
        int result = _profile.GloballyOpenPorts.Item(port, NetFwProtocol.Udp, out var found);
        if (result < 0 && result != NotFound)
            Marshal.ThrowExceptionForHR(result);
        return result < 0 ? null : found;
    }

    INetFwOpenPort Make(int port, string name)
    {
        var made = (INetFwOpenPort)_system.CreateComObject("HNetCfg.FwOpenPort");
        made.Name = name;
        made.Port = port;
        made.Protocol = NetFwProtocol.Udp; // the default is TCP
        Widen(made);
        return made;
    }

    static void Widen(INetFwOpenPort port)
    {
        port.Scope = NetFwScope.All;
        port.Enabled = true;
    }

    static bool LetsAllIn(INetFwOpenPort port) => port.Enabled && port.Scope == NetFwScope.All;

    static bool IsOwn(INetFwOpenPort port, string name) => port.Name == name && !port.BuiltIn;

    static T Guarded<T>(Func<T> call)
    {
        try
        {
            return call();
        }
        catch (Exception e) when (e is UnauthorizedAccessException or ExternalException { ErrorCode: AccessDenied })
        {
            throw new XpTeredoException(XpTeredoError.AccessDenied,
                "Only an administrator may change the firewall: start the application as an administrator once.", e);
        }
        catch (Exception e) when (e is ExternalException or InvalidCastException or NotImplementedException or IOException)
        {
            string code = e is ExternalException native ? $"0x{native.ErrorCode:X8}" : e.Message;
            throw new XpTeredoException(XpTeredoError.FirewallUnavailable,
                $"The firewall can't be used ({code}): its service may not run. Start it with 'net start SharedAccess' and try again.", e);
        }
    }
}
