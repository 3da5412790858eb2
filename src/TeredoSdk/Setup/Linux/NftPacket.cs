using System.Text.Json;

namespace TeredoSdk.Setup.Linux;

/// <summary>A UDP packet over IPv4, as far as rules of nftables are judged by it.</summary>
/// <param name="Port">The destination port; null for one that is not known.</param>
/// <param name="State">Its state in connection tracking: new, or established for an answer.</param>
/// <param name="SourcePort">The source port; null for one that is not known.</param>
sealed record NftPacket(int? Port, string State, int? SourcePort = null)
{
    /// <summary>Whether the packet fits an expression of a rule; null when that depends on what is not judged.</summary>
    /// <param name="expression">The expression.</param>
    /// <param name="verdict">The verdict that it is, or leads to; null when it is none.</param>
    public bool? Fits(JsonElement expression, out JsonElement? verdict)
    {
        verdict = null;
        var property = expression.EnumerateObject().FirstOrDefault();
        switch (property.Name)
        {
            case "match":
                return FitsMatch(property.Value);
            case "vmap":
                return FitsMap(property.Value, out verdict);
            case "accept" or "drop" or "reject" or "jump" or "goto" or "return" or "queue":
                verdict = expression;
                return true;
            case "counter" or "log" or "mangle" or "comment":
                return true;
            case "xt":
                return Text(property.Value, "name") == "comment" ? true : null;
            default:
                return null; // limits and the like
        }
    }

    public static string Text(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";

    bool? FitsMatch(JsonElement match)
    {
        if (!match.TryGetProperty("left", out var left) || !match.TryGetProperty("right", out var right))
            return null;
        bool? equal = Equals(left, right);
        return Text(match, "op") switch
        {
            "==" or "in" => equal,
            "!=" => equal is { } known && !IsOtherProtocol(left) ? !known : equal, // a match of TCP's ports fits no UDP, however it compares
            _ => null,
        };
    }

    // { "key": ..., "data": { "set": [[key, verdict], ...] } }; a named map is not judged.
    bool? FitsMap(JsonElement map, out JsonElement? verdict)
    {
        verdict = null;
        if (!map.TryGetProperty("key", out var key) || !map.TryGetProperty("data", out var data) || data.ValueKind != JsonValueKind.Object
            || !data.TryGetProperty("set", out var set) || set.ValueKind != JsonValueKind.Array)
            return null;
        bool? result = false;
        foreach (var entry in set.EnumerateArray().Where(entry => entry.ValueKind == JsonValueKind.Array && entry.GetArrayLength() == 2))
        {
            bool? fits = Equals(key, entry[0]);
            if (fits == true)
            {
                verdict = entry[1];
                return true;
            }
            result = fits is null ? null : result;
        }
        return result;
    }

    bool? Equals(JsonElement left, JsonElement right)
    {
        if (IsOtherProtocol(left))
            return false;
        if (left.TryGetProperty("payload", out var payload))
        {
            return (Text(payload, "protocol"), Text(payload, "field")) switch
            {
                ("udp" or "th", "dport") => Port is { } port ? Contains(right, port) : null,
                ("udp" or "th", "sport") => SourcePort is { } port ? Contains(right, port) : null,
                ("ip", "protocol") => Contains(right, "udp", 17),
                _ => null,
            };
        }
        if (left.TryGetProperty("meta", out var meta))
        {
            return Text(meta, "key") switch
            {
                "nfproto" => Contains(right, "ipv4", 2),
                "protocol" => Contains(right, "ip", 0x800),
                "l4proto" => Contains(right, "udp", 17),
                "iif" or "iifname" or "oif" or "oifname" => right.ValueKind == JsonValueKind.String && right.GetString() == "lo" ? false : null,
                _ => null,
            };
        }
        return left.TryGetProperty("ct", out var tracked) && Text(tracked, "key") == "state" ? Contains(right, State, null) : null;
    }

    static bool IsOtherProtocol(JsonElement left) =>
        left.ValueKind == JsonValueKind.Object && left.TryGetProperty("payload", out var payload) && Text(payload, "protocol") is "tcp" or "ip6" or "icmp" or "icmpv6" or "sctp";

    // A number, a range, a set, or a list of them; a named set is not judged.
    static bool? Contains(JsonElement right, int number) => right.ValueKind switch
    {
        JsonValueKind.Number => right.GetInt32() == number,
        JsonValueKind.Object when right.TryGetProperty("set", out var set) => Any(set, one => Contains(one, number)),
        JsonValueKind.Object when right.TryGetProperty("range", out var range) && range[0].ValueKind == JsonValueKind.Number
            && range[1].ValueKind == JsonValueKind.Number => number >= range[0].GetInt32() && number <= range[1].GetInt32(),
        _ => null,
    };

    static bool? Contains(JsonElement right, string word, int? number) => right.ValueKind switch
    {
        JsonValueKind.String => !right.GetString()!.StartsWith('@') ? right.GetString() == word : null,
        JsonValueKind.Number => right.GetInt32() == number,
        JsonValueKind.Array => Any(right, one => Contains(one, word, number)),
        JsonValueKind.Object when right.TryGetProperty("set", out var set) => Any(set, one => Contains(one, word, number)),
        _ => null,
    };

    static bool? Any(JsonElement list, Func<JsonElement, bool?> fits)
    {
        if (list.ValueKind != JsonValueKind.Array)
            return fits(list);
        bool?[] results = [.. list.EnumerateArray().Select(fits)];
        return results.Contains(true) ? true : results.Contains(null) ? null : false;
    }
}
