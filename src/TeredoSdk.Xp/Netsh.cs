using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;

namespace TeredoSdk.Xp;

/// <summary>The commands of netsh for Teredo, and the parser of its output.</summary>
static class Netsh
{
    public static readonly string InstallIPv6 = CommandLine("interface", "ipv6", "install");
    public static readonly string ShowTeredo = CommandLine("interface", "ipv6", "show", "teredo");

    /// <summary>Sets Teredo up.</summary>
    /// <param name="type">The type: <c>client</c>, <c>enterpriseclient</c> or <c>disabled</c>.</param>
    /// <param name="server">The name of a server, which was checked before; null keeps the present server.</param>
    /// <param name="clientPort">The UDP port of the client, or <c>default</c>; null keeps it.</param>
    public static string SetTeredo(string type, string? server, string? clientPort)
    {
        List<string> arguments = ["interface", "ipv6", "set", "teredo", type];
        if (server is not null)
            arguments.Add(server);
        if (clientPort is not null)
            arguments.Add("clientport=" + clientPort);
        return CommandLine([.. arguments]);
    }

    /// <summary>Joins arguments so that a Windows program splits them into the same arguments.</summary>
    /// <remarks>Source: "Parsing C command-line arguments" of the Microsoft C runtime.</remarks>
    public static string CommandLine(params string[] arguments) => string.Join(" ", arguments.Select(Quoted).ToArray());

    /// <summary>Reads the output of <see cref="ShowTeredo"/>.</summary>
    /// <remarks>Labels are translated, so the values are found by their order: type, server, refresh interval, port.</remarks>
    public static TeredoSettings Parse(string output)
    {
        List<string> values = [.. Lines(output).Select(Value).Where(value => value.Length > 0)];
        string At(int index) => values.Count > index ? values[index] : "";
        return new TeredoSettings(type: At(0), server: At(1), clientPort: At(3));
    }

    static string Quoted(string argument)
    {
        if (argument.Length > 0 && argument.IndexOfAny([' ', '\t', '"']) < 0)
            return argument;

        var quoted = new StringBuilder("\"");
        int backslashes = 0;
        foreach (char c in argument)
        {
            // Backslashes are doubled only before a quote, and the quote gets one more.
            if (c == '"')
                quoted.Append('\\', backslashes + 1);
            backslashes = c == '\\' ? backslashes + 1 : 0;
            quoted.Append(c);
        }
        return quoted.Append('\\', backslashes).Append('"').ToString();
    }

    static string[] Lines(string output) => output.Split(['\r', '\n'], StringSplitOptions.RemoveEmptyEntries);

    // Returns the first word after the first colon; words after it are about a group policy.
    static string Value(string line)
    {
        int colon = line.IndexOfAny([':', '\uff1a']);
        return colon < 0 ? "" : line.Substring(colon + 1).Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries).FirstOrDefault() ?? "";
    }
}

/// <summary>The settings of Windows' Teredo. A value that netsh did not print is empty.</summary>
sealed class TeredoSettings(string type, string server, string clientPort)
{
    /// <summary>What is known before IPv6 is installed.</summary>
    public static TeredoSettings None { get; } = new("", "", "");

    public string Type { get; } = type;
    public string Server { get; } = server;
    public string ClientPort { get; } = clientPort;

    /// <summary>Whether Teredo is a client of some kind.</summary>
    public bool IsClient => Type.EndsWith("client", StringComparison.OrdinalIgnoreCase);

    /// <summary>The UDP port that the client is fixed at, or null: then the value is a word such as <c>default</c>.</summary>
    public int? FixedPort => ushort.TryParse(ClientPort, NumberStyles.None, CultureInfo.InvariantCulture, out ushort port) && port > 0 ? port : null;

    /// <summary>Whether Teredo is a client of the server, or of any server when that is null.</summary>
    public bool IsClientOf(string? wanted) => IsClient && (wanted is null || Server.Equals(wanted, StringComparison.OrdinalIgnoreCase));
}
