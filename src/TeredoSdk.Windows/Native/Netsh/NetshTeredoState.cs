using System.Globalization;
using System.Text.RegularExpressions;

namespace TeredoSdk.Windows.Native.Netsh;

/// <summary>
/// Reads the output of <c>netsh interface teredo show state</c> and <c>netsh interface ipv6 show teredo</c>. The labels are translated, but the
/// values are not. So the state is found by its value, and all other rows are found by their position.
/// </summary>
/// <remarks>
/// Rows: type, server, refresh interval, client port, state. For an offline client the error and sometimes its number follow, otherwise client type,
/// network, NAT, the NAT's special behaviour, local and external mapping. Without rights or without the service there are only the first four. The
/// words "(Group Policy)" follow each value that a policy set.
/// </remarks>
static partial class NetshTeredoState
{
    const int MaxRows = 64;
    const char FirstIdeograph = '\u2E80';
    const int TypeRow = 0, ServerRow = 1, IntervalRow = 2, PortRow = 3;

    static readonly Dictionary<string, TeredoType> Types = new(StringComparer.OrdinalIgnoreCase)
    {
        ["default"] = TeredoType.Default,
        ["relay"] = TeredoType.Relay,
        ["client"] = TeredoType.Client,
        ["server"] = TeredoType.Server,
        ["disabled"] = TeredoType.Disabled,
        ["automatic"] = TeredoType.Automatic,
        ["enterpriseclient"] = TeredoType.EnterpriseClient,
        ["natawareclient"] = TeredoType.NatAwareClient,
    };

    static readonly Dictionary<string, TeredoClientState> States = new(StringComparer.OrdinalIgnoreCase)
    {
        ["offline"] = TeredoClientState.Offline,
        ["dormant"] = TeredoClientState.Dormant,
        ["probe"] = TeredoClientState.Probe,
        ["qualified"] = TeredoClientState.Qualified,
    };

    /// <param name="text">The output of netsh, in any language.</param>
    /// <returns>The values that could be read. The state is Unknown when no row has a known state.</returns>
    public static TeredoStatus Parse(string text)
    {
        var rows = Rows(text);
        int stateRow = rows.FindIndex(row => FindState(row) is not null);
        var configuration = ReadConfiguration(stateRow < 0 ? rows : rows[..stateRow]);
        if (stateRow < 0)
            // For a client that is switched off, netsh may print only the type.
            return new()
            {
                State = configuration.Type == TeredoType.Disabled ? TeredoClientState.Inactive : TeredoClientState.Unknown,
                Configuration = configuration,
                SetByPolicy = SetByPolicy(rows, configuration),
            };
        var state = FindState(rows[stateRow])!.Value;
        var details = rows[(stateRow + 1)..];
        bool isOffline = state == TeredoClientState.Offline;
        if (!isOffline && details.FindIndex(row => row.StartsWith("teredo ", StringComparison.OrdinalIgnoreCase)) is > 0 and var clientType)
            details = details[clientType..];
        return new()
        {
            State = state,
            Configuration = configuration,
            SetByPolicy = SetByPolicy(rows, configuration),
            Error = isOffline && configuration.Type != TeredoType.Disabled ? Error(details) : null,
            ErrorCode = isOffline ? ErrorCode(details.ElementAtOrDefault(1)) : null,
            ClientType = isOffline ? null : details.ElementAtOrDefault(0),
            Network = isOffline ? null : details.ElementAtOrDefault(1),
            Nat = isOffline ? null : Nat(details.ElementAtOrDefault(2)),
        };
    }

    /// <summary>The word for a type in netsh and CIM.</summary>
    public static string Word(TeredoType type) => Types.First(pair => pair.Value == type).Key;

    /// <summary>The type at the start of a text, or null.</summary>
    public static TeredoType? FindType(string text) => Types.TryGetValue(FirstWord(text), out var type) ? type : null;

    /// <summary>The state at the start of a text, or null.</summary>
    public static TeredoClientState? FindState(string text) => States.TryGetValue(FirstWord(text), out var state) ? state : null;

    // Returns the values of the rows between the line of dashes and the next empty line.
    static List<string> Rows(string text)
    {
        string[] lines = text.Split('\n', StringSplitOptions.TrimEntries);
        int dashes = Array.FindIndex(lines, line => line.Length >= 5 && line.All(letter => letter == '-'));
        List<string> rows = [];
        foreach (string line in lines.Skip(dashes + 1))
        {
            if (rows.Count == MaxRows || (line.Length == 0 && rows.Count > 0))
                break;
            int colon = line.IndexOfAny([':', '\uFF1A']); // the second is the full-width colon of Chinese and Japanese
            if (colon >= 0)
                rows.Add(line[(colon + 1)..].Trim());
        }
        return rows;
    }

    static TeredoConfiguration ReadConfiguration(List<string> rows) => rows.Count == 0 || FindType(rows[TypeRow]) is not { } type ? new() : new()
    {
        Type = type,
        ServerName = rows.Count > ServerRow ? Server(FirstWord(rows[ServerRow])) : null,
        RefreshInterval = rows.Count > IntervalRow && Number(rows[IntervalRow]) is { } seconds ? TimeSpan.FromSeconds(seconds) : null,
        // Instead of a number, netsh may print "unspecified", "default" or its translation.
        ClientPort = rows.Count <= PortRow ? null : Number(rows[PortRow]) is { } port and <= ushort.MaxValue ? port : 0,
    };

    static TeredoConfiguration SetByPolicy(List<string> rows, TeredoConfiguration configuration) => configuration.Type is null ? new() : new()
    {
        Type = IsMarked(rows, TypeRow) ? configuration.Type : null,
        ServerName = IsMarked(rows, ServerRow) ? configuration.ServerName : null,
        RefreshInterval = IsMarked(rows, IntervalRow) ? configuration.RefreshInterval : null,
        ClientPort = IsMarked(rows, PortRow) ? configuration.ClientPort : null,
    };

    static bool IsMarked(List<string> rows, int row) => rows.Count > row && rows[row].IndexOfAny(['(', '\uFF08']) > 0;

    static string? Error(List<string> details) => details is [{ Length: > 0 } error, ..] && !IsNone(error) ? error : null;

    // The word for "none" is translated (none, Keiner, aucune, 无, なし): it is one word, and an error has several. Where words are not set apart, it
    // has two characters at most, and an error has more.
    static bool IsNone(string error) => !error.AsSpan().ContainsAny(" \u00A0\t")
        && (error.Length <= 2 || error.All(letter => letter < FirstIdeograph));

    static long? ErrorCode(string? value) => value is not null && long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out long code) ? code : null;

    static string? Server(string name) => name.ToLowerInvariant() is "" or "unspecified" or "default" or "none" ? null : name;

    // Examples: "none (global connectivity)", "symmetric (port)", "restricted". The words in brackets are kept only where they are a kind of NAT.
    static string? Nat(string? value)
    {
        if (string.IsNullOrEmpty(value))
            return null;
        string[] parts = value.Split(['(', ')', '\uFF08', '\uFF09'], StringSplitOptions.TrimEntries);
        return parts is [var kind, "port" or "address", ..] ? $"{kind} ({parts[1]})" : parts[0];
    }

    static string FirstWord(string value)
    {
        int end = value.AsSpan().IndexOfAny(" \t(\u00A0\uFF08");
        return end < 0 ? value : value[..end];
    }

    static int? Number(string value) =>
        Digits().Match(value) is { Success: true } match ? int.Parse(match.ValueSpan, CultureInfo.InvariantCulture) : null;

    [GeneratedRegex("^[0-9]{1,9}")]
    private static partial Regex Digits();
}
