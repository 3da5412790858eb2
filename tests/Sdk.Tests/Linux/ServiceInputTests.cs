using System.Diagnostics;
using TeredoSdk.Setup.Linux;

namespace TeredoSdk.Tests.Linux;

/// <summary>What a setup of a service reads and prints: records that somebody edited, a setup beside another one, and commands that are safe to paste.</summary>
[Platform("Linux")]
public sealed class ServiceInputTests
{
    const string Sound = """{ "version": 1, "service": "teredo-server", "settings": [] }""";

    // What a shell, or a unit of systemd, would read more in.
    static readonly string[] Pieces = [" ", "'", "\"", @"\", "%n", "$HOME", "$(id)", "`id`", "*", "~", "!", ";", "&", "-", "a", "ß", "大", "😀"];

    string _root = null!;

    [SetUp]
    public void MakeFolder() => _root = Directory.CreateTempSubdirectory("teredosdk-service-").FullName;

    [TearDown]
    public void RemoveFolder() => Directory.Delete(_root, recursive: true);

    ServiceRecordFile File => new(new LinuxMachine(_root), new(TeredoService.Server));

    [TestCase("")]
    [TestCase("{")]
    [TestCase("null")]
    [TestCase("""{ "version": 0, "service": "teredo-server", "settings": [] }""")]
    [TestCase("""{ "version": 1, "service": "teredo-relay", "settings": [] }""")]
    [TestCase("""{ "version": 1, "service": "teredo-server", "settings": null }""")]
    [TestCase("""{ "version": 1, "service": "teredo-server", "settings": [null] }""")]
    [TestCase("""{ "version": 1, "service": "teredo-server", "settings": [{ "kind": "unit", "subject": "teredo-server.service", "before": null, "made": [null] }] }""")]
    [TestCase("""{ "version": 1, "service": "teredo-server", "settings": [{ "kind": "unit", "subject": "sshd.service", "before": null, "made": [] }] }""")]
    [TestCase("""{ "version": 1, "service": "teredo-server", "settings": [{ "kind": "unit", "subject": "../../shadow", "before": "x", "made": [] }] }""")]
    [TestCase("""{ "version": 1, "service": "teredo-server", "settings": [{ "kind": "program", "subject": "/bin/sh", "before": "x", "made": [] }] }""")]
    [TestCase("""{ "version": 1, "service": "teredo-server", "settings": [{ "kind": "firewalld-port", "subject": "-x 1", "before": "x", "made": [] }] }""")]
    public void Record_ThatWasEdited_IsNotBelieved(string text)
    {
        Assert.That(File.Parse(text, out var problem), Is.Null);
        Assert.That(problem!.Id, Is.EqualTo(FindingIds.SetupRecordDamaged));
        Assert.That(problem.Problem, Does.StartWith("The record of the setup, /var/lib/teredosdk/teredo-server.service.json, can't be used ("));
    }

    [Test]
    public void Record_OfThisVersion_IsRead()
    {
        Assert.That(File.Parse(Sound, out var problem)?.Settings, Is.Empty);
        Assert.That(problem, Is.Null);
    }

    [TestCase("""{ "version": 2, "service": "teredo-server", "settings": [] }""")]
    [TestCase("""{ "version": 99999999999, "units": {} }""")]
    public void Record_OfANewerVersion_IsRefused(string text) => Assert.That(() => File.Parse(text, out _),
        Throws.InstanceOf<TeredoException>().With.Message.Contains("newer version of the SDK. Nothing was changed"));

    [Test]
    public void Record_OfAnotherMachine_IsNotBelieved()
    {
        SetMachineId("0123456789abcdef0123456789abcdef\n");
        File.Write(new(1, "teredo-server", [new("unit", "teredo-server.service", null, ["x"])]));
        string text = File.ReadText()!;
        Assert.That(text, Does.Contain("\"machine\"").And.Not.Contain("0123456789abcdef"));
        Assert.That(File.Parse(text, out _), Is.Not.Null);
        SetMachineId("fedcba9876543210fedcba9876543210\n");
        Assert.That(File.Parse(text, out var problem), Is.Null);
        Assert.That((problem!.Id, problem.Sentence), Is.EqualTo((FindingIds.SetupRecordOfOtherMachine, "The record of the setup, "
            + "/var/lib/teredosdk/teredo-server.service.json, can't be used (another machine wrote it). When this is applied, it is renamed to end in .unused.")));
        Assert.That(File.Parse(Sound, out _), Is.Not.Null, "an older record names no machine");
        for (int i = 0; i < 2; i++) // the later one is kept
        {
            File.Write(new(1, "teredo-server", [new("unit", "teredo-server.service", null, ["x"])]));
            File.SetAside();
            Assert.That(File.ReadText(), Is.Null);
        }
    }

    [TestCase(null)]
    [TestCase("")]
    [TestCase("uninitialized\n")]
    [TestCase("00000000000000000000000000000000\n")]
    [TestCase("0123456789abcdef0123456789abcde\n")]
    [TestCase("0123456789abcdef0123456789abcdeg\n")]
    public void Machine_WithoutAnIdentity_ReadsEveryRecord(string? id)
    {
        SetMachineId(id);
        Assert.That(new LinuxMachine(_root).Identity, Is.Null);
        Assert.That(File.Parse(Sound[..^1] + """, "machine": "0" }""", out var problem), Is.Not.Null);
        Assert.That(problem, Is.Null);
    }

    // printf 8c9f1d6b0e3a4f5d9a7e52c1b4d60e37 | xxd -r -p | openssl dgst -sha256 -mac HMAC -macopt hexkey:0123456789abcdef0123456789abcdef
    [Test]
    public void Identity_IsWhatSystemdMakesOfTheIdentifierForAnApplication()
    {
        SetMachineId("0123456789abcdef0123456789abcdef\n");
        Assert.That(new LinuxMachine(_root).Identity, Is.EqualTo("d060d09f5d4b4fb3acb8dbf14586c814"));
    }

    void SetMachineId(string? text)
    {
        Directory.CreateDirectory($"{_root}/etc");
        if (text is not null)
            System.IO.File.WriteAllText($"{_root}/etc/machine-id", text);
    }

    [Test]
    public void Setup_DuringAnother_IsRefused()
    {
        using (File.Lock())
            Assert.That(() => File.Lock(), Throws.InstanceOf<TeredoException>().With.Message.StartsWith("Another setup of teredo-server holds /var/lib/teredosdk/"));
        File.Lock().Dispose();
    }

    [Test]
    public async Task PrintedCommand_IsReadByAShellAsItWasMeant()
    {
        var random = new Random(20261130);
        for (int i = 0; i < 20; i++)
        {
            var options = new TeredoServiceOptions { Service = TeredoService.Server, ProgramPath = $"/{Text()}", Arguments = [.. Enumerable.Range(0, 20).Select(_ => Text()), ""] };
            string[] read = await ReadAsync(CommandLine.Setup(options));
            Assert.That(read, Is.EqualTo((string[])["sudo", options.ProgramPath, "setup", "--service", "server", "--yes", "--", .. options.Arguments]));
        }

        string Text() => string.Concat(random.GetItems(Pieces, random.Next(1, 6)));
    }

    [TestCase("/opt/a\nb")]
    [TestCase("teredo")]
    [TestCase("")]
    public void Program_WithoutAPlainFullPath_IsRefused(string path) =>
        Assert.That(new TeredoServiceOptions { ProgramPath = path }.Validate, Throws.ArgumentException.With.Message.Contains("expected the full path of the program"));

    static async Task<string[]> ReadAsync(string line)
    {
        var start = new ProcessStartInfo("sh", ["-c", $"printf '%s\\0' {line}"]) { RedirectStandardOutput = true };
        using var shell = Process.Start(start)!;
        string output = await shell.StandardOutput.ReadToEndAsync();
        await shell.WaitForExitAsync();
        return output.Split('\0')[..^1];
    }

    static readonly (string Name, string Expected, Action<TeredoServiceOptions> Change)[] BadOptions =
    [
        ("Service", "expected Server, Relay or Client", options => options.Service = (TeredoService)99),
        ("Firewall", "expected Auto, Firewalld, Ufw, Nftables or None", options => options.Firewall = (LinuxFirewall)99),
        ("ProgramPath", "expected the full path of the program, without control characters", options => options.ProgramPath = "/usr/bin/a\nb"),
        ("Arguments", "expected arguments without control characters", options => options.Arguments = ["good", "b\nad"]),
        ("UdpPort", "expected 1 to 65535", options => options.UdpPort = 0),
        ("UdpPort", "expected 1 to 65535", options => options.UdpPort = 65536),
    ];

    [Test]
    public void BadOption_IsNamed_WithWhatIsExpected([Range(0, 5)] int index)
    {
        var (name, expected, change) = BadOptions[index];
        var options = new TeredoServiceOptions { ProgramPath = FakeLinux.Program, UdpPort = index % 2 == 0 ? 1 : 65535 };
        Assert.That(options.Validate, Throws.Nothing);
        change(options);
        Assert.That(options.Validate, Throws.ArgumentException.With.Message.Contains(expected).And.Message.Contains(name));
    }
}
