using TeredoSdk.Protocol;
using TeredoSdk.Protocol.Client;

namespace TeredoSdk;

/// <summary>A server in the form that a person writes: <c>host[,secondary]</c>.</summary>
readonly record struct ServerName(string Primary, string? Secondary)
{
    public const string Expected = "host or host,secondary, each an IPv4 address or a name, such as teredo.example.net or 192.0.2.1,192.0.2.2";

    /// <summary>The addresses, when no name needs to be resolved; else null.</summary>
    public TeredoServerAddress? Literal =>
        !IPv4Address.TryParse(Primary, null, out var primary) ? null
        : Secondary is null ? new TeredoServerAddress(primary)
        : IPv4Address.TryParse(Secondary, null, out var secondary) ? new(primary, secondary) : null;

    public static bool TryParse(string? text, out ServerName name)
    {
        string[] parts = (text ?? "").Split(',', StringSplitOptions.TrimEntries);
        bool valid = parts.Length is 1 or 2 && Array.TrueForAll(parts, IsHost);
        name = valid ? new(parts[0], parts.Length == 2 ? parts[1] : null) : default;
        return valid;
    }

    /// <summary>Whether a text names one server, in letters that are safe in an argument of a command (netsh).</summary>
    public static bool IsForWindows(string server)
    {
        const int MaxOctets = 253; // of a domain name, RFC 1035 §2.3.4
        return server.Length <= MaxOctets && !server.StartsWith('-')
            && server.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '.' or '-' or '_')
            && TryParse(server, out var name) && name.Secondary is null;
    }

    public override string ToString() => Secondary is null ? Primary : $"{Primary},{Secondary}";

    // A name whose last label starts with a digit is a mistyped address.
    static bool IsHost(string host) => IPv4Address.TryParse(host, null, out _)
        || (Uri.CheckHostName(host) == UriHostNameType.Dns && !char.IsAsciiDigit(host.TrimEnd('.')[(host.TrimEnd('.').LastIndexOf('.') + 1)..][0]));
}
