using System.ComponentModel;

namespace TeredoSdk;

/// <summary>A Teredo operation failed. <see cref="Exception.Message"/> says why, and what to do.</summary>
/// <remarks>
/// The type derives from <see cref="IOException"/>, because streams throw it, too. When a system call failed, <see cref="Exception.HResult"/> is the
/// native error code, and the inner exception is that of the call.
/// </remarks>
public sealed class TeredoException : IOException
{
    /// <param name="error">What went wrong.</param>
    /// <param name="message">A sentence that says why and what to do.</param>
    /// <param name="innerException">What caused it, or null.</param>
    public TeredoException(TeredoError error, string message, Exception? innerException = null) : base(message, innerException)
    {
        Error = error;
        if (innerException is Win32Exception native)
            HResult = native.NativeErrorCode;
    }

    /// <summary>What went wrong.</summary>
    public TeredoError Error { get; }
}
