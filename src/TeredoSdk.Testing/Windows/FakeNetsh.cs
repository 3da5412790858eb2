using System.Diagnostics.CodeAnalysis;
using System.Net;
using TeredoSdk.Protocol;
using TeredoSdk.Windows;

namespace TeredoSdk.Testing;

/// <summary>The program netsh of a <see cref="FakeWindows"/>, with its Teredo commands in English. Safe for any number of threads.</summary>
[Experimental("TEREDO001")]
public sealed class FakeNetsh
{
    readonly FakeWindows _windows;
    readonly Lock _gate = new();
    readonly List<IReadOnlyList<string>> _calls = [];

    internal FakeNetsh(FakeWindows windows) => _windows = windows;

    /// <summary>Whether netsh reports success but changes nothing, as the real one does in many failures.</summary>
    public bool ChangesNothing { get; set; }

    /// <summary>The argument lists of all runs, in order.</summary>
    public IReadOnlyList<IReadOnlyList<string>> Calls
    {
        get
        {
            lock (_gate)
                return [.. _calls];
        }
    }

    internal NetshOutput Run(IReadOnlyList<string> arguments)
    {
        lock (_gate)
            _calls.Add([.. arguments]);
        string[] words = [.. arguments];
        return words switch
        {
            ["interface", "teredo", "show", "state"] when !_windows.IsBefore(6, 0) => new() { ExitCode = 0, Text = Describe() },
            ["interface", "ipv6", "show", "teredo"] => new() { ExitCode = 0, Text = Describe() },
            ["interface", "teredo", "set", "state", .. var rest] when !_windows.IsBefore(6, 0) => Change(arguments, () => Set(rest)),
            ["interface", "ipv6", "set", "teredo", .. var rest] when _windows.IPv6Installed => Change(arguments, () => Set(rest)),
            ["interface", "ipv6", "install"] when _windows.IsBefore(6, 0) => Change(arguments, () => _windows.IPv6Installed = true),
            _ => new() { ExitCode = 1, Text = $"The following command was not found: {string.Join(' ', arguments)}.\r\n" },
        };
    }

    static string WordOf(TeredoType type) => type switch
    {
        TeredoType.EnterpriseClient => "enterpriseclient",
        TeredoType.NatAwareClient => "natawareclient",
        _ => type.ToString().ToLowerInvariant(),
    };

    NetshOutput Change(IReadOnlyList<string> arguments, Action change)
    {
        if (!_windows.IsElevated)
            return new() { ExitCode = 1, Text = "The requested operation requires elevation (Run as administrator).\r\n" };
        _windows.Note($"netsh {string.Join(' ', arguments)}");
        if (!ChangesNothing)
            change();
        return new() { ExitCode = 0, Text = "Ok.\r\n" };
    }

    // Arguments may have names, in any order, or be given by position.
    void Set(string[] words)
    {
        string[] names = ["type", "servername", "refreshinterval", "clientport"];
        Dictionary<string, string> values = [];
        for (int i = 0; i < words.Length && i < names.Length; i++)
            if (words[i].Split('=', 2) is [var name, var value])
                values[name] = value;
            else
                values[names[i]] = words[i];
        _windows.Teredo.Write(new()
        {
            Type = Enum.TryParse(values.GetValueOrDefault("type"), ignoreCase: true, out TeredoType type) ? type : null,
            ServerName = values.GetValueOrDefault("servername"),
            ClientPort = values.TryGetValue("clientport", out string? port) && int.TryParse(port, out int number) ? number : null,
        });
    }

    string Describe()
    {
        var teredo = _windows.Teredo;
        var (configuration, state) = (teredo.Configuration, teredo.State);
        string policy = teredo.IsSetByPolicy ? " (Group Policy)" : "";
        List<(string Label, string Value)> lines = [("Type", WordOf(teredo.EffectiveType) + policy)];
        if (state != TeredoClientState.Inactive)
        {
            lines.AddRange([
                ("Server Name", configuration.ServerName ?? "none"),
                ("Client Refresh Interval", "30 seconds"),
                ("Client Port", configuration.ClientPort is > 0 and var port ? $"{port}" : "unspecified"),
                ("State", state == TeredoClientState.Probe ? "probe (restricted)" : state.ToString().ToLowerInvariant()),
            ]);
            if (teredo.Error is { } error)
                lines.Add(("Error", error));
            else
                lines.AddRange([("Client Type", "teredo client"), ("Network", teredo.IsManagedNetwork ? "managed" : "unmanaged")]);
            if (state == TeredoClientState.Qualified)
                lines.AddRange(DescribeNat(teredo));
        }
        return "Teredo Parameters\r\n---------------------------------------------\r\n"
            + string.Concat(lines.Select(line => $"{line.Label,-24}: {line.Value}\r\n")) + "\r\n";
    }

    static IEnumerable<(string Label, string Value)> DescribeNat(FakeTeredo teredo)
    {
        yield return ("NAT", teredo.Nat);
        yield return ("NAT Special Behaviour", "UPNP: No, PortPreserving: Yes");
        yield return ("Local Mapping", $"{IPAddress.Loopback}:{teredo.Port}");
        if (TeredoAddress.TryCreate(IPv6Address.FromIPAddress(teredo.Address), out var address))
            yield return ("External NAT Mapping", address.MappedEndpoint.ToString());
    }
}
