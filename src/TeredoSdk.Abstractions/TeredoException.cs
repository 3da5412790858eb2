using System.ComponentModel;

namespace TeredoSdk;

/// <summary>A Teredo operation failed. <see cref="Exception.Message"/> says why, and what to do.</summary>
/// <remarks>
/// The type derives from <see cref="IOException"/>, because streams throw it, too. When a system call failed, <see cref="Exception.HResult"/> is the
/// native error code, and the inner exception is that of the call.
/// </remarks>
public sealed class TeredoException : IOException
{
    readonly Finding? _finding;

    /// <param name="error">What went wrong.</param>
    /// <param name="message">A sentence that says why and what to do.</param>
    /// <param name="innerException">What caused it, or null.</param>
    public TeredoException(TeredoError error, string message, Exception? innerException = null) : base(message, innerException)
    {
        Error = error;
        if (innerException is Win32Exception native)
            HResult = native.NativeErrorCode;
    }

    /// <param name="finding">What is wrong; its <see cref="Finding.Error"/> is not null.</param>
    /// <param name="innerException">What caused it, or null.</param>
    /// <exception cref="InvalidOperationException">The finding makes no operation fail.</exception>
    public TeredoException(Finding finding, Exception? innerException = null) : this(ErrorOf(finding), finding.Sentence, innerException) => _finding = finding;

    /// <summary>What went wrong.</summary>
    public TeredoError Error { get; }

    /// <summary>What is wrong, in the form of reports. Its <see cref="Finding.Sentence"/> is <see cref="Exception.Message"/>.</summary>
    public Finding Finding => _finding ?? new()
    {
        Id = FindingIds.Of(Error),
        Severity = FindingSeverity.Error,
        Subject = FindingIds.Teredo,
        Problem = Message,
        Error = Error,
    };

    static TeredoError ErrorOf(Finding finding)
    {
        ArgumentNullException.ThrowIfNull(finding);
        return finding.Error ?? throw new InvalidOperationException($"The finding {finding.Id} is no error.");
    }
}
