using System.Globalization;
using System.Text.RegularExpressions;

namespace TeredoSdk.Windows.Netsh;

/// <summary>
/// Reads what <c>netsh interface teredo show state</c> and <c>netsh interface ipv6 show teredo</c> print. Labels are translated and values are
/// not, so a row counts by its place, and the state, from which the later rows are counted, by its value.
/// </summary>
/// <remarks>
/// Rows: type, server, refresh interval, client port, state; then with a client that is offline the error, else client type, network, NAT, the
/// NAT's special behaviour, local and external mapping. Without rights or without the service only the first four are there. "(Group Policy)",
/// in whatever language, follows what a policy set.
/// </remarks>
static partial class NetshTeredoState
{
    const int MaxRows = 64;
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

    /// <param name="text">What netsh printed, in any language.</param>
    /// <returns>What can be read of it; the state is unknown when there is none that is known.</returns>
    public static TeredoStatus Parse(string text)
    {
        var rows = Rows(text);
        int stateRow = rows.FindIndex(row => FindState(row) is not null);
        var configuration = ReadConfiguration(stateRow < 0 ? rows : rows[..stateRow]);
        if (stateRow < 0)
            // One that is switched off may print its type only.
            return new()
            {
                State = configuration.Type == TeredoType.Disabled ? TeredoClientState.Inactive : TeredoClientState.Unknown,
                Configuration = configuration,
                IsSetByPolicy = IsSetByPolicy(rows, configuration),
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
            IsSetByPolicy = IsSetByPolicy(rows, configuration),
            Error = isOffline && configuration.Type != TeredoType.Disabled ? Error(details) : null,
            ClientType = isOffline ? null : details.ElementAtOrDefault(0),
            Network = isOffline ? null : details.ElementAtOrDefault(1),
            Nat = isOffline ? null : Nat(details.ElementAtOrDefault(2)),
        };
    }

    /// <summary>The word for a type, as netsh and CIM know it.</summary>
    public static string Word(TeredoType type) => Types.First(pair => pair.Value == type).Key;

    /// <summary>The type that a text begins with, or null.</summary>
    public static TeredoType? FindType(string text) => Types.TryGetValue(FirstWord(text), out var type) ? type : null;

    /// <summary>The state that a text begins with, or null.</summary>
    public static TeredoClientState? FindState(string text) => States.TryGetValue(FirstWord(text), out var state) ? state : null;

    // The values of the rows below the line of dashes, up to the next empty line.
    static List<string> Rows(string text)
    {
        string[] lines = text.Split('\n', StringSplitOptions.TrimEntries);
        int dashes = Array.FindIndex(lines, line => line.Length >= 5 && line.All(letter => letter == '-'));
        List<string> rows = [];
        foreach (string line in lines.Skip(dashes + 1))
        {
            if (rows.Count == MaxRows || (line.Length == 0 && rows.Count > 0))
                break;
            int colon = line.IndexOfAny([':', '\uFF1A']); // the second is the wide one of Chinese and Japanese
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
        // In place of a number stands "unspecified", "default" or its translation.
        ClientPort = rows.Count <= PortRow ? null : Number(rows[PortRow]) is { } port and <= ushort.MaxValue ? port : 0,
    };

    static bool IsSetByPolicy(List<string> rows, TeredoConfiguration configuration) =>
        configuration.Type is not null && rows[TypeRow].IndexOfAny(['(', '\uFF08']) > 0;

    static string? Error(List<string> details) =>
        details is [{ Length: > 0 } error, ..] && !error.Equals("none", StringComparison.OrdinalIgnoreCase) ? error : null;

    static string? Server(string name) => name.ToLowerInvariant() is "" or "unspecified" or "default" or "none" ? null : name;

    // "none (global connectivity)", "symmetric (port)", "restricted": what stands in the brackets counts where it is a kind of NAT.
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
