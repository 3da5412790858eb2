using System;
using System.IO;
using System.Runtime.InteropServices;

namespace TeredoSdk.Xp;

/// <summary>The exceptions of the firewall's current profile (<c>HNetCfg.FwMgr</c>). The name of an exception tells whose it is.</summary>
sealed class FirewallExceptions
{
    // The HRESULT of ERROR_ACCESS_DENIED.
    const int AccessDenied = unchecked((int)0x80070005);

    readonly IXpSystem _system;
    readonly INetFwProfile _profile;

    public FirewallExceptions(IXpSystem system)
    {
        _system = system;
        _profile = Guarded(() => ((INetFwMgr)system.CreateComObject("HNetCfg.FwMgr")).LocalPolicy.CurrentProfile);
    }

    /// <summary>Whether the firewall is on.</summary>
    public bool FirewallEnabled => Guarded(() => _profile.FirewallEnabled);

    /// <summary>Whether something is already open for everybody.</summary>
    /// <exception cref="XpTeredoException">
    /// The firewall allows no exceptions, another program has a narrower exception for the same, or the firewall can't be read.
    /// </exception>
    public bool IsOpen(Opening opening) => Guarded(() =>
    {
        if (_profile.ExceptionsNotAllowed)
            throw new XpTeredoException(XpTeredoError.ExceptionsNotAllowed,
                "The firewall allows no exceptions at present: clear \"Don't allow exceptions\" in the control panel's Windows Firewall.");

        var existing = opening.Find(_profile);
        if (existing is null || existing.LetsAllIn || IsOwn(existing, opening))
            return existing is not null && existing.LetsAllIn;

        throw new XpTeredoException(XpTeredoError.ExceptionOfOthers,
            $"{opening.Subject} already has the exception '{existing.Name}', which is off or limited to some addresses:"
            + " switch it on for all computers in the Windows Firewall, or use another port.");
    });

    /// <summary>Opens it for everybody, and reads it back.</summary>
    /// <returns>False when it was open already.</returns>
    public bool Open(Opening opening) => Guarded(() =>
    {
        if (IsOpen(opening))
            return false;

        if (opening.Find(_profile) is { } own)
            own.Widen();
        else
            opening.Add(_profile, _system);

        return IsOpen(opening) ? true : throw new XpTeredoException(XpTeredoError.ExceptionNotKept,
            $"{opening.Subject} has no exception, although the firewall accepted one: a group policy may control its settings."
            + " Ask the administrator of the domain for the exception.");
    });

    /// <summary>Removes the exception of this name.</summary>
    /// <returns>False when there is no such exception. An exception of another program stays.</returns>
    public bool Close(Opening opening) => Guarded(() =>
    {
        if (opening.Find(_profile) is not { } existing || !IsOwn(existing, opening))
            return false;
        opening.Remove(_profile);
        return true;
    });

    static bool IsOwn(Opening.Entry existing, Opening opening) => existing.Name == opening.Name && !existing.IsBuiltIn;

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
