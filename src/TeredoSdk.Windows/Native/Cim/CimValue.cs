using System.Globalization;
using TeredoSdk.Windows.Native.Netsh;

namespace TeredoSdk.Windows.Native.Cim;

/// <summary>
/// Reads the property values of the Teredo classes. The documentation allows strings or numbers, and does not say the language of the strings,
/// so both forms are accepted.
/// </summary>
static class CimValue
{
    public static TeredoType? Type(object? value)
    {
        if (value is string text && NetshTeredoState.FindType(text.Trim().Replace(" ", "")) is { } named)
            return named;
        return Number(value) is { } number and >= (int)TeredoType.Default and <= (int)TeredoType.NatAwareClient ? (TeredoType)number : null;
    }

    /// <param name="state">The property State.</param>
    /// <param name="error">The property Error.</param>
    public static TeredoStatus Status(object? state, object? error)
    {
        string? raw = Text(state), problem = Text(error);
        if (raw is null)
            return new() { State = TeredoClientState.Unknown, Error = problem };
        if (NetshTeredoState.FindState(raw) is { } known)
            return new() { State = known, Error = IsNone(problem) ? null : problem };
        return raw.ToLowerInvariant() is "inactive" or "disabled"
            ? TeredoStatus.Inactive
            : new() { State = TeredoClientState.Unknown, Error = IsNone(problem) ? raw : $"{raw}: {problem}" };
    }

    public static int? Number(object? value) => value switch
    {
        int number => number,
        string text when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) => number,
        _ => null,
    };

    public static bool? Flag(object? value) => value switch
    {
        bool flag => flag,
        string text when bool.TryParse(text, out bool flag) => flag,
        _ => Number(value) switch { 0 => false, 1 => true, _ => null },
    };

    public static string? Text(object? value) =>
        Convert.ToString(value, CultureInfo.InvariantCulture)?.Trim() is { Length: > 0 } text ? text : null;

    static bool IsNone(string? text) => text is null || text.Equals("none", StringComparison.OrdinalIgnoreCase);
}
