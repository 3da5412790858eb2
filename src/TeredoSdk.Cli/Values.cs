using System.CommandLine.Parsing;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using TeredoSdk.Protocol.Server;

namespace TeredoSdk.Cli;

/// <summary>The value of an on|off option that is on by default. It is not a <c>bool</c>, because the parser accepts other words for that.</summary>
enum Switch
{
    On,
    Off,
}

/// <summary>Parses values of the command line. A value that is not valid causes an error of one sentence.</summary>
static class Values
{
    /// <summary>A whole number within a range.</summary>
    public static Func<ArgumentResult, int> Number(int min, int max) => result =>
        int.TryParse(Text(result), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int number) && number >= min && number <= max
            ? number
            : Bad<int>(result, $"a whole number of {min} to {max}");

    /// <summary>A time in seconds; fractions are allowed.</summary>
    public static Func<ArgumentResult, TimeSpan> Seconds(double min, double max) => result =>
        double.TryParse(Text(result), NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture,
            out double seconds)
            && seconds >= min && seconds <= max
            ? TimeSpan.FromSeconds(seconds)
            : Bad<TimeSpan>(result, string.Create(CultureInfo.InvariantCulture, $"{min} to {max} seconds"));

    /// <summary>One of a few words.</summary>
    public static Func<ArgumentResult, T> Choice<T>(params (string Word, T Value)[] choices) => result =>
    {
        foreach (var (word, value) in choices)
            if (word == Text(result))
                return value;
        return Bad<T>(result, string.Join(" or ", choices.Select(choice => choice.Word)))!;
    };

    /// <summary>A rate limit: how often in a second, and how often at once.</summary>
    public static RateLimit Limit(ArgumentResult result)
    {
        const int most = 1_000_000;
        return Text(result).Split(':') is [var rate, var burst] && IsCount(rate, out int perSecond) && IsCount(burst, out int atOnce)
            ? new(perSecond, atOnce)
            : Bad<RateLimit>(result, $"RATE:BURST such as 20:50, both 1 to {most}");

        static bool IsCount(string text, out int number) =>
            int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number is >= 1 and <= most;
    }

    /// <summary>An IPv4 address.</summary>
    public static IPAddress? IPv4(ArgumentResult result) =>
        IPAddress.TryParse(Text(result), out var address) && address.AddressFamily == AddressFamily.InterNetwork
        && Text(result).Count(c => c == '.') == 3
            ? address
            : Bad<IPAddress>(result, "an IPv4 address such as 192.0.2.1");

    /// <summary>IPv6 prefixes.</summary>
    public static IPNetwork[]? Prefixes(ArgumentResult result)
    {
        List<IPNetwork> prefixes = [];
        foreach (var token in result.Tokens)
        {
            // Brackets and scopes belong to endpoints, not to prefixes.
            if (token.Value.AsSpan().ContainsAny('[', '%') || !IPNetwork.TryParse(token.Value, out var prefix)
                || prefix.BaseAddress.AddressFamily != AddressFamily.InterNetworkV6)
                return Bad<IPNetwork[]>(result, "IPv6 prefixes such as 2001:db8::/32", token.Value);
            prefixes.Add(prefix);
        }
        return [.. prefixes];
    }

    /// <summary>A host: a name, or an IPv6 address with or without brackets.</summary>
    public static string? Host(ArgumentResult result)
    {
        string text = Text(result), host = WithoutBrackets(text);
        return IsHost(host) && (host == text || host.Contains(':')) ? host : Bad<string>(result, "an IPv6 address or a host name");
    }

    /// <summary>An IP address of any kind.</summary>
    public static IPAddress? Address(ArgumentResult result) => IsAddress(WithoutBrackets(Text(result)), out var address)
        ? address
        : Bad<IPAddress>(result, "an IPv6 address such as 2001:0:cb00:7178:0:efff:3fff:fdfe");

    /// <summary>A peer: <c>[ADDR]:PORT</c> or <c>host:port</c>.</summary>
    public static PeerName? Peer(ArgumentResult result)
    {
        string text = Text(result);
        int colon = text.LastIndexOf(':');
        string host = colon < 0 ? "" : text[..colon];
        bool bracketed = host is ['[', .., ']'];
        if (bracketed)
            host = host[1..^1];
        bool valid = ushort.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out ushort port) && port != 0
            && IsHost(host) && bracketed == host.Contains(':');
        return valid ? new(host, port) : Bad<PeerName>(result, "[ADDRESS]:PORT or HOST:PORT, with a port of 1 to 65535");
    }

    static bool IsHost(string host) => host.Contains(':')
        ? IsAddress(host, out _)
        : Uri.CheckHostName(host) is UriHostNameType.Dns or UriHostNameType.IPv4;

    static string WithoutBrackets(string text) => text is ['[', .., ']'] ? text[1..^1] : text;

    // Brackets are refused here: they would belong to an endpoint, and .NET ignores its port.
    static bool IsAddress(string text, [NotNullWhen(true)] out IPAddress? address)
    {
        address = null;
        return !text.Contains('[') && IPAddress.TryParse(text, out address);
    }

    static string Text(ArgumentResult result) => result.Tokens.Count > 0 ? result.Tokens[0].Value : "";

    static T? Bad<T>(ArgumentResult result, string expected, string? value = null)
    {
        string what = result.Parent is OptionResult option ? option.Option.Name : result.Argument.Name;
        result.AddError($"{what} is '{value ?? Text(result)}'; expected {expected}.");
        return default;
    }
}

/// <summary>A peer in the form that a person types.</summary>
sealed record PeerName(string Host, int Port)
{
    /// <summary>The form that a person types.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{(Host.Contains(':') ? $"[{Host}]" : Host)}:{Port}");

    /// <summary>Finds the first IPv6 address of a host. Teredo addresses come first, because they need no relay.</summary>
    /// <exception cref="TeredoException">The host has no IPv6 address.</exception>
    public static async Task<IPAddress> ResolveAsync(string host, CancellationToken cancellationToken)
    {
        if (IPAddress.TryParse(host, out var literal) && literal.AddressFamily == AddressFamily.InterNetworkV6)
            return literal; // the resolver refuses it while IPv6 is switched off for .NET
        try
        {
            var addresses = await Dns.GetHostAddressesAsync(host, AddressFamily.InterNetworkV6, cancellationToken);
            return Choose(addresses) ?? throw new SocketException((int)SocketError.NoData);
        }
        catch (SocketException e)
        {
            throw new TeredoException(TeredoError.HostNotResolved,
                Socket.OSSupportsIPv6
                ? $"{host} has no IPv6 address ({e.Message}). Check its spelling and this machine's DNS, or use the peer's Teredo address."
                : $"The IPv6 address of {host} can't be looked up: IPv6 is switched off for .NET in this process. Remove "
                    + "DOTNET_SYSTEM_NET_DISABLEIPV6 from its environment, or use the peer's Teredo address.", e);
        }
    }

    internal static IPAddress? Choose(IEnumerable<IPAddress> addresses) =>
        addresses.Where(address => !address.IsIPv4MappedToIPv6).OrderByDescending(address => address.IsIPv6Teredo).FirstOrDefault();

    public async Task<IPEndPoint> ResolveAsync(CancellationToken cancellationToken) => new(await ResolveAsync(Host, cancellationToken), Port);
}
