using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using TeredoSdk.Protocol;
using TeredoSdk.Windows.Native.Netsh;

namespace TeredoSdk.Windows.Doctor;

/// <summary>
/// Takes the names and addresses of a person, a machine and its programs out of a report. What stands in their places is of the same kind, and the same
/// for the same: a Teredo address stays one, and two rules of one program stay that. So a doctor finds in the report what it would find at the machine.
/// </summary>
/// <remarks>
/// Addresses that everybody has (private, loopback, multicast, for documentation) stay, also Windows' own servers, rules, services and programs, and the
/// program that the report is about.
/// </remarks>
sealed partial class Redaction
{
    // Words of interface names that are no person's.
    static readonly string[] InterfaceWords = ["Ethernet", "Wi-Fi", "WLAN", "Teredo", "Tunnel", "Local Area Connection", "LAN-Verbindung", "vEthernet", "6TO4", "isatap", "Loopback"];
    const int ShortestName = 3;
    const string SystemAccount = "SYSTEM"; // a service's name for itself, and the firewall's for the program System

    readonly Dictionary<string, string> _names = new(StringComparer.OrdinalIgnoreCase);
    readonly Dictionary<string, string> _literals = new(StringComparer.OrdinalIgnoreCase);
    readonly Dictionary<IPAddress, IPAddress> _addresses = [];
    readonly string? _program;

    public Redaction(MachineFacts facts)
    {
        _program = facts.ProgramPath;
        // First, because the others are parts of it. Linux says "(none)" where there is none.
        if (IPGlobalProperties.GetIPGlobalProperties().DomainName is var domain && domain.Contains('.', StringComparison.Ordinal))
            Hide(domain, "domain.example.net");
        if (!Environment.UserName.Equals(SystemAccount, StringComparison.OrdinalIgnoreCase))
            Hide(Environment.UserName, "USER");
        Hide(Environment.MachineName, "MACHINE");
        Hide(Environment.UserDomainName, "DOMAIN");
        int servers = 0;
        foreach (string? server in ServersOf(facts))
            if (server is { Length: >= ShortestName } && !IsPublicServer(server) && !_literals.ContainsKey(server))
                _literals[server] = $"server{++servers}.example.net";
    }

    /// <summary>Changes the texts of a report.</summary>
    public void Apply(JsonNode facts)
    {
        foreach (var rule in (facts["firewall"]?["rules"]?["value"] as JsonArray ?? []).OfType<JsonObject>())
            ApplyToRule(rule);
        foreach (var adapter in (facts["adapters"]?["value"] as JsonArray ?? []).OfType<JsonObject>())
            adapter["name"] = OfInterface(Text(adapter, "name") ?? "");
        Walk(facts);
    }

    static IEnumerable<string?> ServersOf(MachineFacts facts)
    {
        yield return facts.Configuration.Value?.ServerName?.TrimEnd('.');
        foreach (var client in (ClientFacts[])[facts.Before, facts.After])
            if (client.Netsh.Value is { } printed)
                yield return NetshTeredoState.Parse(printed.Text).Configuration.ServerName?.TrimEnd('.');
        yield return facts.Registry.FirstOrDefault(value => value.Name == "Teredo_ServerName")?.Text?.TrimEnd('.');
    }

    static bool IsPublicServer(string server) => IPAddress.TryParse(server, out _) || server.EndsWith(".microsoft.com", StringComparison.OrdinalIgnoreCase)
        || server.EndsWith("example.net", StringComparison.OrdinalIgnoreCase) || server.Equals("default", StringComparison.OrdinalIgnoreCase);

    void Hide(string name, string replacement)
    {
        if (name.Length >= ShortestName)
            _literals[name] = replacement;
    }

    // Rules of others tell what somebody has installed.
    void ApplyToRule(JsonObject rule)
    {
        string? program = Text(rule, "programPath");
        if (program is null || IsOfWindows(program) || program.Equals(_program, StringComparison.OrdinalIgnoreCase))
            return;
        rule["programPath"] = $@"C:\Programs\{NameOf(program, "Program")}.exe";
        rule["name"] = NameOf(Text(rule, "name") ?? "", "Rule");
        rule.Remove("description");
        if (Text(rule, "grouping") is { } group && group != FirewallExceptionRequest.OwnGrouping)
            rule["grouping"] = NameOf(group, "Group");
    }

    static bool IsOfWindows(string program) => program.Equals("System", StringComparison.OrdinalIgnoreCase)
        || program.StartsWith("%SystemRoot%", StringComparison.OrdinalIgnoreCase) || program.StartsWith(@"C:\Windows\", StringComparison.OrdinalIgnoreCase);

    static string? Text(JsonObject node, string name) => node[name] is JsonValue value && value.TryGetValue(out string? text) ? text : null;

    string NameOf(string name, string kind)
    {
        string key = $"{kind} {name}";
        if (!_names.TryGetValue(key, out string? replacement))
            _names.Add(key, replacement = $"{kind} {_names.Count + 1}");
        return replacement;
    }

    void Walk(JsonNode node)
    {
        if (node is JsonObject members)
        {
            foreach (var (name, member) in members.ToArray())
                if (member is JsonValue value && value.GetValueKind() == JsonValueKind.String)
                    members[name] = Clean(name, value.GetValue<string>());
                else if (member is not null)
                    Walk(member);
        }
        else if (node is JsonArray items)
            for (int i = 0; i < items.Count; i++)
                if (items[i] is JsonValue value && value.GetValueKind() == JsonValueKind.String)
                    items[i] = Clean("", value.GetValue<string>());
                else if (items[i] is { } item)
                    Walk(item);
    }

    string Clean(string member, string text)
    {
        if (member == "interfaceName")
            return OfInterface(text);
        if (member is "windowsVersion" or "sdkVersion")
            return text;
        text = UserFolder().Replace(text, match => $"{match.Groups[1].Value}{NameOf(match.Groups[2].Value, "USER").Replace(" ", "", StringComparison.Ordinal)}");
        text = Identifier().Replace(text, "S-1-5-21-0");
        foreach (var (name, replacement) in _literals)
            text = Regex.Replace(text, $@"(?<![\w]){Regex.Escape(name)}(?![\w])", replacement, RegexOptions.IgnoreCase);
        return IPv6().Replace(IPv4().Replace(text, OfAddress), OfAddress);
    }

    string OfInterface(string name) => InterfaceWords.Any(word => name.Contains(word, StringComparison.OrdinalIgnoreCase)) ? name : NameOf(name, "Interface");

    string OfAddress(Match match) => IPAddress.TryParse(match.Value, out var address) && Replace(address) is var replaced && !replaced.Equals(address)
        ? replaced.ToString() : match.Value;

    IPAddress Replace(IPAddress address)
    {
        if (!_addresses.TryGetValue(address, out var replaced))
            _addresses.Add(address, replaced = address.AddressFamily == AddressFamily.InterNetwork ? OfIPv4(address) : OfIPv6(address));
        return replaced;
    }

    IPAddress OfIPv4(IPAddress address) => !AddressPolicy.Strict.IsGlobalUnicast(IPv4Address.FromIPAddress(address)) ? address
        : IPAddress.Parse($"198.51.100.{1 + (_addresses.Count % 250)}");

    IPAddress OfIPv6(IPAddress address)
    {
        byte[] octets = address.GetAddressBytes();
        int number = 1 + _addresses.Count;
        if (octets.AsSpan(4).IndexOfAnyExcept((byte)0) < 0)
            return address; // a prefix, such as 2001::/32, or an address that everybody has
        if (address.IsIPv6Teredo)
            return IPAddress.Parse($"2001:0:c000:201:0:63bf:39cc:{0x9b00 + (number & 0xFF):x}"); // of server 192.0.2.1, mapped to 198.51.100.x
        var parsed = IPv6Address.FromIPAddress(address);
        string prefix = parsed.Is6to4 ? "2002:c633:6401:" : address.IsIPv6LinkLocal ? "fe80:" : address.IsIPv6UniqueLocal ? "fd00:" : parsed.IsGlobalUnicast ? "2a00:" : "";
        if (prefix.Length == 0)
            return address;
        bool isIsatap = octets.AsSpan(8) is [0x00 or 0x02, 0x00, 0x5E, 0xFE, ..];
        return IPAddress.Parse(isIsatap ? $"{prefix}:0:5efe:c633:{number & 0xFFFF:x}" : $"{prefix}:{number & 0xFFFF:x}");
    }

    [GeneratedRegex(@"(\\Users\\)(?!Public\\|All Users\\|Default\\)([^\\""]+)", RegexOptions.IgnoreCase)]
    private static partial Regex UserFolder();

    [GeneratedRegex(@"S-1-(5-21|15-[23])-[0-9-]+")]
    private static partial Regex Identifier();

    [GeneratedRegex(@"(?<![\w.])[0-9]{1,3}(\.[0-9]{1,3}){3}(?![\w.])")]
    private static partial Regex IPv4();

    [GeneratedRegex(@"(?<![\w:.])[0-9A-Fa-f]{0,4}(:[0-9A-Fa-f]{0,4}){2,7}(?![\w:])")]
    private static partial Regex IPv6();
}
