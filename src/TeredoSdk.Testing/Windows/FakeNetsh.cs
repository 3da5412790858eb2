using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using TeredoSdk.Protocol;
using TeredoSdk.Windows;

namespace TeredoSdk.Testing;

/// <summary>The language of a <see cref="FakeNetsh"/>'s output.</summary>
[Experimental("TEREDO001")]
public enum FakeNetshLanguage
{
    /// <summary>English.</summary>
    English,
    /// <summary>Simplified Chinese, as posted by users.</summary>
    Chinese,
    /// <summary>German. The labels are a translation; no posted output was at hand.</summary>
    German,
}

/// <summary>The program netsh of a <see cref="FakeWindows"/>, with its Teredo commands. Safe for any number of threads.</summary>
/// <remarks>
/// The output has the rows that users posted: four without an administrator's rights, five or six with, twelve for a qualified client. Labels and errors
/// are translated; the words for types, states and NATs are English everywhere.
/// </remarks>
[Experimental("TEREDO001")]
public sealed class FakeNetsh
{
    readonly FakeWindows _windows;
    readonly Lock _gate = new();
    readonly List<IReadOnlyList<string>> _calls = [];

    internal FakeNetsh(FakeWindows windows) => _windows = windows;

    /// <summary>Whether netsh reports success but changes nothing, as the real one does in many failures.</summary>
    public bool ChangesNothing { get; set; }

    /// <summary>The language of the output.</summary>
    public FakeNetshLanguage Language { get; set; }

    /// <summary>Whether a client without an error has a row for it with the word for "none", as some versions print it.</summary>
    public bool PrintsNoError { get; set; }

    /// <summary>Whether a disabled client has only the row of its type; other versions print six rows.</summary>
    public bool PrintsOneRowWhenDisabled { get; set; } = true;

    /// <summary>What <c>show state</c> prints word for word before and after the client is woken; null for what the fake says itself.</summary>
    internal (string Before, string After)? Recorded { get; set; }

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

    // netsh returns 0 for many failures, and says what is wrong in the system's language.
    NetshOutput Change(IReadOnlyList<string> arguments, Func<bool> change)
    {
        if (!_windows.IsElevated)
            return new() { ExitCode = 1, Text = Text.NeedsElevation };
        if (ChangesNothing)
            return new() { ExitCode = 0, Text = Text.Done };
        if (!change())
            return new() { ExitCode = 1, Text = Text.BadArgument };
        _windows.Note($"netsh {string.Join(' ', arguments)}");
        return new() { ExitCode = 0, Text = Text.Done };
    }

    // "netsh interface" (the page of today): arguments may have names, in any order, or be given by position.
    bool Set(string[] words)
    {
        string[] names = ["type", "servername", "refreshinterval", "clientport", "servervirtualip"];
        Dictionary<string, string> values = new(StringComparer.OrdinalIgnoreCase);
        for (int i = 0; i < words.Length; i++)
        {
            string[] parts = words[i].Split('=', 2);
            string name = parts.Length == 2 ? parts[0] : i < names.Length ? names[i] : "";
            if (!names.Contains(name, StringComparer.OrdinalIgnoreCase) || !values.TryAdd(name, parts[^1]))
                return false;
        }
        TeredoType type = default;
        int port = 0, seconds = 0;
        if (values.TryGetValue("type", out string? word) && !TryType(word, out type)
            || values.TryGetValue("servername", out string? server) && server.AsSpan().ContainsAny(" \t\"'")
            || values.TryGetValue("refreshinterval", out string? interval) && !IsDefault(interval) && !TryNumber(interval, ushort.MaxValue, out seconds)
            || values.TryGetValue("clientport", out string? given) && !IsDefault(given) && !TryNumber(given, ushort.MaxValue, out port))
            return false;
        _windows.Teredo.Write(new()
        {
            Type = word is null ? null : type,
            ServerName = server is not null && IsDefault(server) ? FakeTeredo.DefaultServer : server,
            ClientPort = values.ContainsKey("clientport") ? port : null,
            RefreshInterval = values.ContainsKey("refreshinterval") ? TimeSpan.FromSeconds(seconds) : null,
        }, isPersistent: true);
        return true;
    }

    static bool TryType(string word, out TeredoType type)
    {
        type = Enum.GetValues<TeredoType>().FirstOrDefault(each => WordOf(each).Equals(word, StringComparison.OrdinalIgnoreCase));
        return type is not (TeredoType.Relay or TeredoType.Automatic) && WordOf(type).Equals(word, StringComparison.OrdinalIgnoreCase);
    }

    static bool IsDefault(string word) => word.Equals("default", StringComparison.OrdinalIgnoreCase);

    static bool TryNumber(string text, int max, out int number) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number <= max;

    string Describe()
    {
        if (Recorded is { } recorded)
            return _windows.WakeCalls == 0 ? recorded.Before : recorded.After;
        var teredo = _windows.Teredo;
        var (configuration, state) = (teredo.Configuration, teredo.State);
        var text = Text;
        string type = WordOf(teredo.EffectiveType) + (teredo.IsSetByPolicy ? text.ByPolicy : "");
        string interval = $"{(configuration.RefreshInterval is { TotalSeconds: > 0 } set ? set.TotalSeconds : 30)} {text.Seconds}";
        List<string> values = [type];
        if (state != TeredoClientState.Inactive || !PrintsOneRowWhenDisabled)
            values.AddRange([teredo.PolicyServer is { } server ? server + text.ByPolicy : configuration.ServerName ?? text.None, interval, configuration.ClientPort is > 0 and var port ? $"{port}" : "unspecified"]);
        if (_windows.IsElevated && values.Count > 1)
            values.AddRange(State(teredo, state, text));
        return $"{text.Title}\r\n---------------------------------------------\r\n"
            + string.Concat(text.Labels(teredo.Error is not null || PrintsNoError, teredo.ErrorCode is not null).Zip(values, (label, value) => $"{label,-24}: {value}\r\n")) + "\r\n";
    }

    IEnumerable<string> State(FakeTeredo teredo, TeredoClientState state, FakeNetshText text)
    {
        yield return state switch
        {
            TeredoClientState.Inactive => "offline",
            TeredoClientState.Probe => "probe (restricted)",
            _ => state.ToString().ToLowerInvariant(),
        };
        if (teredo.Error is { } error)
        {
            yield return text.Translate(error);
            if (teredo.ErrorCode is { } code)
                yield return code.ToString(CultureInfo.InvariantCulture);
        }
        else if (PrintsNoError)
            yield return text.None;
        if (state != TeredoClientState.Qualified)
            yield break;
        yield return "teredo client";
        yield return teredo.IsManagedNetwork ? "managed" : "unmanaged";
        yield return teredo.Nat;
        yield return "UPNP: No, PortPreserving: Yes";
        yield return $"{IPAddress.Loopback}:{teredo.Port}";
        if (TeredoAddress.TryCreate(IPv6Address.FromIPAddress(teredo.Address), out var address))
            yield return address.MappedEndpoint.ToString();
    }

    FakeNetshText Text => FakeNetshText.Of(Language);
}
