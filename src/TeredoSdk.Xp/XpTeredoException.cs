using System;

namespace TeredoSdk.Xp;

/// <summary>The cause of a failure. The message of the <see cref="XpTeredoException"/> says what to do.</summary>
public enum XpTeredoError
{
    /// <summary>A change is needed, but there was no callback to ask the user.</summary>
    ConsentMissing,
    /// <summary>The user refused.</summary>
    ConsentRefused,
    /// <summary>The name of the Teredo server is neither a host name nor an IPv4 address.</summary>
    InvalidServerName,
    /// <summary>netsh does not exist, or did not end.</summary>
    NetshUnavailable,
    /// <summary>IPv6 is still not installed after its installation.</summary>
    IPv6NotInstalled,
    /// <summary>Teredo is still not a client of the wanted server after it was enabled.</summary>
    TeredoNotEnabled,
    /// <summary>Another program has the UDP port that the Teredo client should get.</summary>
    PortInUse,
    /// <summary>The Teredo client is still not fixed at its UDP port after that was set.</summary>
    PortNotFixed,
    /// <summary>No interface got a Teredo address in time.</summary>
    NoAddress,
    /// <summary>There is no Windows Firewall of this kind, or it can't be used.</summary>
    FirewallUnavailable,
    /// <summary>The firewall is set to allow no exceptions.</summary>
    ExceptionsNotAllowed,
    /// <summary>Another program has an exception for the same that does not allow everybody.</summary>
    ExceptionOfOthers,
    /// <summary>The firewall accepted the exception without an error, but does not have it.</summary>
    ExceptionNotKept,
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
    /// <param name="innerException">The exception that caused it, or null.</param>
    public XpTeredoException(XpTeredoError error, string message, Exception? innerException = null) : base(message, innerException) => Error = error;

    /// <summary>What went wrong.</summary>
    public XpTeredoError Error { get; }
}
