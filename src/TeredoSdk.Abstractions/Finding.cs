namespace TeredoSdk;

/// <summary>How much a <see cref="Finding"/> matters.</summary>
public enum FindingSeverity
{
    /// <summary>Good to know. Nothing is wrong.</summary>
    Note,
    /// <summary>Something works worse than it could, or could not be checked although it matters.</summary>
    Warning,
    /// <summary>Something keeps Teredo, or what the application asked for, from working.</summary>
    Error,
}

/// <summary>Something that is wrong, or worth knowing, in one form for everybody who prints it: the doctor, the report, exceptions, health and logs.</summary>
/// <remarks>
/// A finding is about something that was read. What could not be read is a finding of its own with the severity
/// <see cref="FindingSeverity.Warning"/>, never a "no".
/// </remarks>
public sealed record Finding
{
    /// <summary>
    /// The name of the kind of finding, for programs and for the documentation: lower-case words joined by hyphens, in groups joined by dots, such as
    /// <c>teredo.off-by-default</c>. It stays the same over releases.
    /// </summary>
    public required string Id { get; init; }

    /// <summary>How much it matters.</summary>
    public required FindingSeverity Severity { get; init; }

    /// <summary>What it is about, for example the path of a program, the name of a service, or the address of a server.</summary>
    public required string Subject { get; init; }

    /// <summary>What is wrong, and what that does: a sentence or two, without the remedy.</summary>
    public required string Problem { get; init; }

    /// <summary>What was read, and where: one line for each reading. Empty when the problem says all.</summary>
    public IReadOnlyList<string> Evidence { get; init => field = ValueList.Of(value); } = ValueList<string>.Empty;

    /// <summary>Who or what set it that way, for example "default", "group policy" or another product; null when that is not known.</summary>
    public string? SetBy { get; init; }

    /// <summary>The smallest step that mends it, or null when there is none.</summary>
    public Fix? Fix { get; init; }

    /// <summary>The error that an operation fails with because of it, or null when it makes none fail.</summary>
    public TeredoError? Error { get; init; }

    /// <summary>The problem and the sentence of the fix: what an exception or a log line says.</summary>
    public string Sentence => Fix is null ? Problem : $"{Problem} {Fix.Sentence}";

    /// <summary>The finding as an exception.</summary>
    /// <param name="cause">What caused it, or null.</param>
    /// <exception cref="InvalidOperationException">The finding makes no operation fail: <see cref="Error"/> is null.</exception>
    public TeredoException ToException(Exception? cause = null) => new(this, cause);
}

/// <summary>The smallest step that mends what a <see cref="Finding"/> is about.</summary>
public sealed record Fix
{
    /// <summary>What to do, as a whole sentence. It holds the command, if there is one, and how to undo it.</summary>
    public required string Sentence { get; init; }

    /// <summary>A command line that does it, safe to paste; null when no single command does.</summary>
    public string? Command { get; init; }

    /// <summary>Whether the step needs an administrator, or root.</summary>
    public bool NeedsAdministrator { get; init; }

    /// <summary>Whether the step can be taken back exactly.</summary>
    public bool IsReversible { get; init; } = true;
}
