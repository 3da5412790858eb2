using System;

namespace TeredoSdk.Xp;

/// <summary>What went wrong. The sentence that says what to do is <see cref="Exception.Message"/> of the <see cref="XpTeredoException"/>.</summary>
public enum XpTeredoError
{
    /// <summary>Something would have to be changed, and there was no callback that could ask the person.</summary>
    ConsentMissing,
    /// <summary>The person at the machine said no.</summary>
    ConsentRefused,
    /// <summary>The name of the Teredo server is neither a host name nor an IPv4 address.</summary>
    InvalidServerName,
    /// <summary>netsh is not there, or did not end.</summary>
    NetshUnavailable,
    /// <summary>IPv6 is not there, also after its installation.</summary>
    IPv6NotInstalled,
    /// <summary>Teredo is not the client of the wanted server, also after it was enabled.</summary>
    TeredoNotEnabled,
    /// <summary>No interface got a Teredo address in time.</summary>
    NoAddress,
    /// <summary>There is no Windows Firewall of this kind, or it can't be asked.</summary>
    FirewallUnavailable,
    /// <summary>The firewall is set to allow no exceptions.</summary>
    ExceptionsNotAllowed,
    /// <summary>There is an exception of somebody else for the port, which does not let everybody in.</summary>
    PortExceptionOfOthers,
    /// <summary>The firewall took the port exception without an error, but does not have it.</summary>
    PortExceptionNotKept,
    /// <summary>The system refused the socket's protection level.</summary>
    ProtectionLevelRefused,
    /// <summary>Rights are missing: only an administrator may do this.</summary>
    AccessDenied,
}

/// <summary>An operation failed. <see cref="Exception.Message"/> says why, and what to do about it.</summary>
public sealed class XpTeredoException : Exception
{
    /// <param name="error">What went wrong.</param>
    /// <param name="message">A sentence that says why and what to do.</param>
    /// <param name="innerException">What caused it, or null.</param>
    public XpTeredoException(XpTeredoError error, string message, Exception? innerException = null) : base(message, innerException) => Error = error;

    /// <summary>What went wrong.</summary>
    public XpTeredoError Error { get; }
}
