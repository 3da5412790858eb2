using System.Text.Json;
using TeredoSdk.Setup.Linux;

namespace TeredoSdk.Tests.Linux;

/// <summary>A Linux machine that a setup changes: its files lie in a folder of the test, and its programs are the few words that a setup says to them.</summary>
sealed class FakeLinux : LinuxMachine, IDisposable
{
    public const string Program = "/usr/local/lib/teredo/teredo";

    readonly string _root;
    int _handle = 100;

    public FakeLinux() : this(Directory.CreateTempSubdirectory("teredosdk-linux-").FullName)
    {
    }

    FakeLinux(string root) : base(root)
    {
        _root = root;
        Put(Program, "");
        foreach (string program in new[] { "systemctl", "readlink", "stat" })
            Put($"/usr/bin/{program}", "");
        Boot();
    }

    public bool Elevated { get; set; } = true;

    public override bool IsElevated => Elevated;

    public HashSet<string> Enabled { get; } = [];

    public HashSet<string> Running { get; } = [];

    /// <summary>What is open in firewalld until its restart: zone and port. Null while firewalld does not run.</summary>
    public HashSet<string>? OpenPorts { get; set; }

    /// <summary>The rules of firewalld's policies.</summary>
    public HashSet<string> RichRules { get; } = [];

    /// <summary>The lines of <c>ufw show added</c>.</summary>
    public List<string> Ufw { get; } = [];

    /// <summary>The base chains of nftables with their policies, as JSON.</summary>
    public List<string> Chains { get; } = [];

    /// <summary>The rules of nftables: chain, handle, comment.</summary>
    public List<(string Chain, int Handle, string Comment)> Rules { get; } = [];

    /// <summary>What a program answers instead, by its command line.</summary>
    public Dictionary<string, ProgramResult> Answers { get; } = [];

    /// <summary>Owner, group and mode of files that are not root's own.</summary>
    public Dictionary<string, string> Modes { get; } = [];

    /// <summary>The changes that were made.</summary>
    public List<string> Changes { get; } = [];

    /// <summary>Called before each change with its number; an exception is its failure.</summary>
    public Action<int> OnChange { get; set; } = _ => { };

    public void Boot() => Directory.CreateDirectory(At("/run/systemd/system"));

    public void Unboot() => Directory.Delete(At("/run/systemd/system"));

    public void Put(string path, string content)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(At(path))!);
        File.WriteAllText(At(path), content);
    }

    /// <summary>Installs a firewall that is in force.</summary>
    public void Install(LinuxFirewall firewall)
    {
        if (firewall == LinuxFirewall.Firewalld)
        {
            Put("/usr/bin/firewall-cmd", "");
            OpenPorts = [];
        }
        else if (firewall == LinuxFirewall.Ufw)
        {
            Put("/usr/sbin/ufw", "");
            Put("/etc/ufw/ufw.conf", "# a comment\nENABLED=yes\n");
            Ufw.AddRange(["Added user rules (see 'ufw status' for running firewall):", "ufw allow 22/tcp", "ufw allow 4000/udp comment 'mine'"]);
        }
        else if (firewall == LinuxFirewall.Nftables)
        {
            Put("/usr/sbin/nft", "");
            Put("/bin/sh", "");
            Chains.Add("""{"family":"inet","table":"t","name":"input","hook":"input","policy":"drop"}""");
            Chains.Add("""{"family":"ip","table":"more","name":"input","hook":"input","policy":"drop"}""");
            Chains.Add("""{"family":"ip","table":"harmless","name":"input","hook":"input","policy":"accept"}""");
        }
    }

    /// <summary>All that a setup can change.</summary>
    public string Snapshot => string.Join('\n', [
        .. Directory.EnumerateFiles(_root, "*", SearchOption.AllDirectories).Where(file => !file.EndsWith(".lock", StringComparison.Ordinal)).Order(StringComparer.Ordinal)
            .Select(file => $"{file[_root.Length..]}: {File.ReadAllText(file)}"),
        $"enabled: {string.Join(' ', Enabled.Order())}", $"running: {string.Join(' ', Running.Order())}", $"open: {string.Join(' ', (OpenPorts ?? []).Order())}",
        $"rich: {string.Join(' ', RichRules.Order())}", $"ufw: {string.Join('|', Ufw)}", $"nft: {string.Join('|', Rules.Select(rule => $"{rule.Chain} {rule.Comment}"))}",
    ]);

    public override void WriteFile(string path, string? content)
    {
        Note($"{(content is null ? "delete" : "write")} {path}");
        base.WriteFile(path, content);
    }

    public override Task ChangeAsync(string program, string[] arguments, CancellationToken cancellationToken)
    {
        Note($"{program} {string.Join(' ', arguments)}");
        return base.ChangeAsync(program, arguments, cancellationToken);
    }

    public override Task<ProgramResult> RunAsync(string program, string[] arguments, CancellationToken cancellationToken)
    {
        if (Find(program) is null)
            throw new TeredoException(TeredoError.SetupFailed, $"The program {program} is not installed.");
        return Task.FromResult(Answers.TryGetValue($"{program} {string.Join(' ', arguments)}", out var given) ? given : program switch
        {
            "systemctl" => Systemctl(arguments),
            "readlink" => Said($"{arguments[1]}\n"),
            "stat" => Said(string.Concat(arguments.Skip(4).Select(path => $"{Modes.GetValueOrDefault(path, "0 0 755")} {path}\n"))),
            "firewall-cmd" => FirewallCmd(arguments),
            "ufw" => UfwCommand(arguments),
            _ => Nft(arguments),
        });
    }

    public void Dispose() => Directory.Delete(_root, recursive: true);

    void Note(string change)
    {
        Changes.Add(change);
        OnChange(Changes.Count);
    }

    static ProgramResult Said(string output) => new(0, output, "");

    static ProgramResult Is(bool holds) => new(holds ? 0 : 1, "", "");

    ProgramResult Systemctl(string[] arguments)
    {
        string unit = arguments[^1];
        switch (arguments[0])
        {
            case "is-enabled":
                return Said(Enabled.Contains(unit) ? "enabled\n" : "disabled\n");
            case "is-active":
                return Said(Running.Contains(unit) ? "active\n" : "inactive\n");
            case "enable" when ReadFile($"/etc/systemd/system/{unit}") is null:
                return new(1, "", $"Unit {unit} does not exist.\n");
            case "enable":
                return Is(Enabled.Add(unit) || true);
            case "disable":
                return Is(Enabled.Remove(unit));
            case "restart":
                return Is(Running.Add(unit) || true);
            case "stop":
                return Is(Running.Remove(unit));
            default:
                return Is(arguments[0] == "daemon-reload");
        }
    }

    ProgramResult FirewallCmd(string[] arguments)
    {
        if (OpenPorts is null)
            return new(252, "", "not running\n");
        string value = arguments[^1][(arguments[^1].IndexOf('=') + 1)..], at = arguments.Length > 1 ? $"{arguments[0].Split('=')[1]} {value}" : "";
        return arguments[^1].Split('=')[0] switch
        {
            "--state" => Said("running\n"),
            "--get-active-zones" => Said("public (default)\n  interfaces: eth0\nguests\n  sources: 192.0.2.0/24\n"),
            "--get-default-zone" => Said("public\n"),
            "--query-port" => Is(OpenPorts.Contains(at)),
            "--add-port" => Is(OpenPorts.Add(at)),
            "--remove-port" => Is(OpenPorts.Remove(at)),
            "--query-rich-rule" => Is(RichRules.Contains(at)),
            "--remove-rich-rule" => Is(RichRules.Remove(at)),
            _ => Is(false),
        };
    }

    ProgramResult UfwCommand(string[] arguments) => arguments switch
    {
        ["show", "added"] => Said(string.Join('\n', Ufw)),
        ["allow", "proto", "udp", "from", "any", "to", "0.0.0.0/0", "port", var port, "comment", var comment] => Add($"ufw allow {port}/udp comment '{comment}'"),
        ["delete", "allow", "proto", "udp", "from", "any", "to", "0.0.0.0/0", "port", var port] =>
            Is(Ufw.RemoveAll(line => line.StartsWith($"ufw allow {port}/udp", StringComparison.Ordinal)) == 1),
        _ => Is(false),
    };

    ProgramResult Add(string line)
    {
        Ufw.Add(line);
        return Is(true);
    }

    ProgramResult Nft(string[] arguments)
    {
        switch (arguments)
        {
            case ["-j", "list", "ruleset"]:
                var rules = Rules.Select(rule => (Rule: rule, At: rule.Chain.Split(' ')))
                    .Select(each => $$"""{"rule":{"family":"{{each.At[0]}}","table":"{{each.At[1]}}","chain":"{{each.At[2]}}","handle":{{each.Rule.Handle}}"""
                        + $$""","comment":{{JsonSerializer.Serialize(each.Rule.Comment)}},"expr":[{"accept":null}] } }""");
                return Said($$"""{"nftables":[{{string.Join(',', Chains.Select(chain => $"{{\"chain\":{chain}}}").Concat(rules))}}]}""");
            case ["insert", "rule", var family, var table, var chain, .., "udp", "dport", _, "accept", "comment", var comment]:
                Rules.Add(($"{family} {table} {chain}", _handle++, comment.Trim('"')));
                return Is(true);
            case ["delete", "rule", var family, var table, var chain, "handle", var handle]:
                return Is(Rules.RemoveAll(rule => rule.Chain == $"{family} {table} {chain}" && $"{rule.Handle}" == handle) == 1);
            default:
                return Is(false);
        }
    }
}
