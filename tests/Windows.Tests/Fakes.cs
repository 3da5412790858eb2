using System.Text;

namespace TeredoSdk.Windows.Tests;

/// <summary>The files through which the native fakes are told how Windows behaves, and in which they keep what programs did to it.</summary>
static class Fakes
{
    const string Folder = @"C:\fakes";

    /// <summary>The Teredo address and port that the fake client has. The runner gives the address to the machine, too.</summary>
    public const string Address = "2001:0:c000:201:0:f227:34ff:8ef5";
    public const int Port = 3333;

    static string Path(string file) => System.IO.Path.Combine(Folder, file);

    /// <summary>A Windows whose Teredo client is qualified, with a firewall that has no rules, changed by these settings.</summary>
    public static void Begin(params ReadOnlySpan<string> settings)
    {
        foreach (string file in Directory.EnumerateFiles(Folder, "*.txt").Append(Path("netsh.log")))
            File.Delete(file);
        string[] lines = ["[record]", "type=client", "state=qualified", $"address={Address}", $"port={Port}", "servername=teredo.example", .. settings];
        File.WriteAllLines(Path("windows.txt"), lines);
    }

    /// <summary>Changes a setting while programs run.</summary>
    public static void Set(string key, string value)
    {
        var lines = File.ReadAllLines(Path("windows.txt")).Where(line => !line.StartsWith(key + "=", StringComparison.Ordinal));
        File.WriteAllLines(Path("windows.txt"), [.. lines, $"{key}={value}"]);
    }

    /// <summary>A setting as it is now.</summary>
    public static string? Get(string key) => Records("windows.txt").Single().GetValueOrDefault(key);

    /// <summary>The stored rules, field by field.</summary>
    public static List<Dictionary<string, string>> Rules => Records("rules.txt");

    /// <summary>The stored globally open ports.</summary>
    public static List<Dictionary<string, string>> OpenPorts => Records("ports.txt");

    /// <summary>Stores rules that others made.</summary>
    public static void StoreRules(params ReadOnlySpan<string[]> rules)
    {
        var text = new StringBuilder();
        for (int i = 0; i < rules.Length; i++)
            text.Append($"[record]\nId={100 + i}\n").AppendJoin('\n', rules[i]).Append('\n');
        File.WriteAllText(Path("rules.txt"), text.ToString());
    }

    /// <summary>What netsh says from now on.</summary>
    public static void NetshSays(string text) => File.WriteAllText(Path("netsh.txt"), text);

    /// <summary>The calls of netsh, each with its arguments.</summary>
    public static List<string[]> NetshCalls =>
        File.Exists(Path("netsh.log")) ? [.. File.ReadAllLines(Path("netsh.log")).Select(line => line.Split('\t'))] : [];

    static List<Dictionary<string, string>> Records(string file)
    {
        List<Dictionary<string, string>> records = [];
        foreach (string line in File.Exists(Path(file)) ? File.ReadAllLines(Path(file)) : [])
        {
            if (line.StartsWith('['))
                records.Add([]);
            else if (line.IndexOf('=', StringComparison.Ordinal) is var equals and > 0)
                records[^1][line[..equals]] = line[(equals + 1)..];
        }
        return records;
    }
}
