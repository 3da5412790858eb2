using System.Diagnostics;
using System.Text;

namespace TeredoSdk.Windows.Tests;

/// <summary>
/// The files through which the native fakes are told how Windows behaves, and in which they keep what programs did to it. For the tests on that
/// Windows, and for those on Linux that look into its drive from outside.
/// </summary>
/// <param name="folder">Where they are.</param>
sealed class FakeFiles(string folder)
{
    /// <summary>The Teredo address and port that the fake client has. The runner gives the address to the machine, too.</summary>
    public const string Address = "2001:0:c000:201:0:f227:34ff:8ef5";
    public const int Port = 3333;

    /// <summary>The address of a Teredo server that answers, in the lab of the runner.</summary>
    public const string Server = "203.0.113.1";

    /// <summary>Those of the Windows that this process runs on.</summary>
    public static FakeFiles Own { get; } = new(@"C:\fakes");

    /// <summary>A Windows whose Teredo client is qualified, with a firewall that has no rules, changed by these settings.</summary>
    public void Begin(params ReadOnlySpan<string> settings)
    {
        foreach (string file in Directory.EnumerateFiles(folder, "*.txt").Append(PathOf("netsh.log")))
            File.Delete(file);
        Write("windows.txt",
            ["[record]", "type=client", "state=qualified", $"address={Address}", $"port={Port}", "servername=teredo.example"]);
        foreach (string setting in settings)
            Set(setting[..setting.IndexOf('=', StringComparison.Ordinal)], setting[(setting.IndexOf('=', StringComparison.Ordinal) + 1)..]);
    }

    /// <summary>Changes a setting, also while programs run.</summary>
    public void Set(string key, string value) => Write("windows.txt", [.. LinesWithout(key), $"{key}={value}"]);

    /// <summary>Takes a setting away.</summary>
    public void Unset(string key) => Write("windows.txt", LinesWithout(key));

    /// <summary>A setting as it is now.</summary>
    public string? Get(string key) => Records("windows.txt").Single().GetValueOrDefault(key);

    /// <summary>The stored rules, field by field.</summary>
    public List<Dictionary<string, string>> Rules => Records("rules.txt");

    /// <summary>The store of the rules as a text.</summary>
    public string RuleStore => File.Exists(PathOf("rules.txt")) ? File.ReadAllText(PathOf("rules.txt")) : "";

    /// <summary>The calls of the firewall's objects since the setting <c>refuse_at</c> was there, by name.</summary>
    public string[] Calls => File.ReadAllLines(PathOf("calls.txt"));

    /// <summary>In which kind of apartment the last object of the firewall was made: STA or MTA.</summary>
    public string Apartment => File.ReadAllText(PathOf("apartment.txt"));

    /// <summary>The stored globally open ports.</summary>
    public List<Dictionary<string, string>> OpenPorts => Records("ports.txt");

    /// <summary>Stores rules that others made.</summary>
    public void StoreRules(params ReadOnlySpan<string[]> rules)
    {
        var text = new StringBuilder();
        for (int i = 0; i < rules.Length; i++)
            text.Append($"[record]\nId={100 + i}\n").AppendJoin('\n', rules[i]).Append('\n');
        File.WriteAllText(PathOf("rules.txt"), text.ToString());
    }

    /// <summary>What netsh says from now on, whatever it is asked.</summary>
    public void NetshSays(string text) => File.WriteAllText(PathOf("netsh.txt"), text);

    /// <summary>The calls of netsh, each with its arguments.</summary>
    public List<string[]> NetshCalls =>
        File.Exists(PathOf("netsh.log")) ? [.. File.ReadAllLines(PathOf("netsh.log")).Select(line => line.Split('\t'))] : [];

    string[] LinesWithout(string key) =>
        [.. File.ReadAllLines(PathOf("windows.txt")).Where(line => !line.StartsWith(key + "=", StringComparison.Ordinal))];

    // At once, as the fakes do: what a node still asks meanwhile has the old text or the new.
    void Write(string file, string[] lines)
    {
        string part = PathOf($"{file}.part");
        File.WriteAllLines(part, lines);
        for (long start = Stopwatch.GetTimestamp(); ; Thread.Sleep(1))
        {
            try
            {
                File.Move(part, PathOf(file), overwrite: true);
                return;
            }
            catch (UnauthorizedAccessException) when (Stopwatch.GetElapsedTime(start) < Patience.Limit)
            {
                // Refused while another process reads the file.
            }
        }
    }

    string PathOf(string file) => Path.Combine(folder, file);

    List<Dictionary<string, string>> Records(string file)
    {
        List<Dictionary<string, string>> records = [];
        foreach (string line in File.Exists(PathOf(file)) ? File.ReadAllLines(PathOf(file)) : [])
        {
            if (line.StartsWith('['))
                records.Add([]);
            else if (line.IndexOf('=', StringComparison.Ordinal) is var equals and > 0)
                records[^1][line[..equals]] = line[(equals + 1)..];
        }
        return records;
    }
}
