using System.Runtime.CompilerServices;

namespace TeredoSdk.Fuzz;

/// <summary>A core did what it must not.</summary>
/// <param name="rule">The rule that was broken, with what broke it.</param>
#pragma warning disable CA1710 // it is thrown, but it is the fuzzer's result and called so
public sealed class Finding(string rule) : Exception(rule)
#pragma warning restore CA1710
{
    /// <summary>Ends the run unless the condition holds.</summary>
    public static void Unless(bool condition, string rule)
    {
        if (!condition)
            throw new Finding(rule);
    }

    /// <summary>Ends the run unless the condition holds; the text is made only if it does not.</summary>
    public static void Unless(bool condition, [InterpolatedStringHandlerArgument(nameof(condition))] RuleText rule)
    {
        if (!condition)
            throw new Finding(rule.ToString());
    }
}

/// <summary>A text that is formatted only when a condition fails.</summary>
[InterpolatedStringHandler]
public readonly ref struct RuleText
{
    readonly System.Text.StringBuilder? _text;

    /// <summary>Called by the compiler.</summary>
    public RuleText(int literalLength, int formattedCount, bool condition, out bool isNeeded)
    {
        isNeeded = !condition;
        _text = condition ? null : new(literalLength + formattedCount * 16);
    }

    /// <summary>Called by the compiler.</summary>
    public void AppendLiteral(string text) => _text!.Append(text);

    /// <summary>Called by the compiler.</summary>
    public void AppendFormatted<T>(T value) => _text!.Append(value);

    /// <inheritdoc/>
    public override string ToString() => _text?.ToString() ?? "";
}
