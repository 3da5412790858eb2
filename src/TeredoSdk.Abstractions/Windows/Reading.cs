using System.Diagnostics.CodeAnalysis;

namespace TeredoSdk.Windows;

/// <summary>The answer to a question to the system, or the reason why there is no answer. "Not known" is never mixed with "no".</summary>
/// <typeparam name="T">The type of the answer.</typeparam>
[Experimental("TEREDO001")]
public readonly record struct Reading<T>
{
    readonly T? _value;

    internal Reading(T? value, Finding? finding) => (_value, Finding) = (value, finding);

    /// <summary>Why there is no answer; null when there is one.</summary>
    public Finding? Finding { get; }

    /// <summary>The sentence of <see cref="Finding"/>.</summary>
    public string? Reason => Finding?.Sentence;

    /// <summary>Whether there is an answer.</summary>
    public bool IsKnown => Finding is null;

    /// <summary>The answer.</summary>
    /// <exception cref="InvalidOperationException">There is no answer.</exception>
    public T Value => IsKnown ? _value! : throw new InvalidOperationException(Reason);

    /// <summary>The answer, or the type's default when there is none.</summary>
    public T? ValueOrDefault => _value;

    /// <param name="value">The answer, when there is one.</param>
    /// <returns>Whether there is an answer.</returns>
    public bool TryGet([MaybeNullWhen(false)] out T value)
    {
        value = _value;
        return IsKnown;
    }
}

/// <summary>Makes readings.</summary>
[Experimental("TEREDO001")]
public static class Reading
{
    /// <summary>Makes a reading with an answer.</summary>
    /// <param name="value">The answer.</param>
    public static Reading<T> Of<T>(T value) => new(value, null);

    /// <summary>Makes a reading without an answer.</summary>
    /// <param name="reason">Why there is no answer, as a sentence for a person.</param>
    public static Reading<T> Unknown<T>(string reason)
    {
        ArgumentException.ThrowIfNullOrEmpty(reason);
        return Unknown<T>(new Finding { Id = FindingIds.NotRead, Severity = FindingSeverity.Warning, Subject = "Windows", Problem = reason });
    }

    /// <summary>Makes a reading without an answer.</summary>
    /// <param name="finding">Why there is no answer.</param>
    public static Reading<T> Unknown<T>(Finding finding)
    {
        ArgumentNullException.ThrowIfNull(finding);
        return new(default, finding);
    }
}
