using System.Runtime.InteropServices;
using TeredoSdk.Setup.Linux;

namespace TeredoSdk.Tests.Linux;

/// <summary>Which programs may become a service or be run as root, how root's rights are asked for, and what a unit says.</summary>
[Platform("Linux"), FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class ServiceProgramTests : IDisposable
{
    const string Folder = "/usr/local/lib/teredo";

    static readonly string DotnetRoot = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "../../.."));

    readonly FakeLinux _machine = new();

    public void Dispose() => _machine.Dispose();

    Task<string> CheckAsync(string program = FakeLinux.Program, string? dotnetRoot = null) => ServiceProgram.CheckAsync(_machine, program, dotnetRoot, default);

    // Owner, group and mode, as stat prints them.
    [TestCase("0 0 755", true)]
    [TestCase("0 0 775", true, Description = "root's own group")]
    [TestCase("0 4 755", true)]
    [TestCase("0 4 775", false)]
    [TestCase("0 4 765", false)]
    [TestCase("0 0 757", false)]
    [TestCase("0 0 752", false)]
    [TestCase("0 0 1777", true, Description = "sticky: nobody replaces what is another's")]
    [TestCase("0 4 1775", true)]
    [TestCase("1000 0 755", false)]
    [TestCase("1000 0 1755", false)]
    public async Task ProgramThatSomebodyElseCanChange_IsRefused(string mode, bool isTaken)
    {
        _machine.Put($"{Folder}/lib/a.dll", "");
        foreach (string part in new[] { FakeLinux.Program, Folder, "/usr", "/", $"{Folder}/lib/a.dll", $"{Folder}/lib" })
        {
            _machine.Modes.Clear();
            _machine.Modes[part] = mode;
            if (isTaken)
                Assert.That(await CheckAsync(), Is.EqualTo(FakeLinux.Program));
            else
                Assert.That(Assert.ThrowsAsync<TeredoException>(() => CheckAsync())!.Message, Does.StartWith($"Not only root can change {part}, which would run as root, or as a service."));
        }
    }

    [TestCase("a.dll", false), TestCase("a.so", false), TestCase("a.json", false), TestCase("a.txt", true)]
    public void FileBesideTheProgram_CountsWhenItIsLoaded(string name, bool isTaken)
    {
        _machine.Put($"{Folder}/{name}", "");
        _machine.Modes[$"{Folder}/{name}"] = "1000 0 755";
        Assert.That(() => CheckAsync(), isTaken ? Throws.Nothing : Throws.InstanceOf<TeredoException>());
    }

    // The kernel follows 40 links, and would refuse what lies behind the last.
    [TestCase(8, false)]
    [TestCase(9, true)]
    public void FolderThatHoldsALinkToItself_IsNotLookedAtForEver(int depth, bool isTaken)
    {
        _machine.Put($"{Folder}/a.so", "");
        Directory.CreateSymbolicLink(_machine.At($"{Folder}/X11"), ".");
        _machine.Modes[$"{Folder}{string.Concat(Enumerable.Repeat("/X11", depth))}/a.so"] = "1000 0 755";
        Assert.That(() => CheckAsync(), isTaken ? Throws.Nothing : Throws.InstanceOf<TeredoException>());
    }

    [Test]
    public void DotnetThatSomebodyElseCanChange_IsRefused()
    {
        _machine.Modes["/opt"] = "1000 0 755";
        Assert.That(() => CheckAsync(), Throws.Nothing);
        Assert.That(() => CheckAsync(dotnetRoot: "/opt/dotnet"), Throws.InstanceOf<TeredoException>().With.Message.Contains("can change /opt,"));
    }

    [Test]
    public void StateThatCannotBeRead_IsNoPermission()
    {
        _machine.Answers[$"stat -L -c %u %g %a %n -- / /usr /usr/local /usr/local/lib {Folder} {FakeLinux.Program}"] = new(1, "", "stat: no\n");
        Assert.That(() => CheckAsync(), Throws.InstanceOf<TeredoException>().With.Message.EqualTo($"It can't be read who may change {FakeLinux.Program}: stat: no."));
    }

    [Test]
    public async Task ManyFiles_AreAllLookedAt()
    {
        for (int i = 0; i < 1001; i++)
            _machine.Put($"{Folder}/{i}.dll", "");
        Assert.That(await CheckAsync(), Is.EqualTo(FakeLinux.Program));
        _machine.Modes[$"{Folder}/999.dll"] = "1 0 755";
        Assert.ThrowsAsync<TeredoException>(() => CheckAsync());
    }

    [TestCase("/home/me/teredo", "/home/"), TestCase("/root/teredo", "/root/"), TestCase("/run/user/1/teredo", "/run/user/"), TestCase("/tmp/teredo", "/tmp/"), TestCase("/var/tmp/teredo", "/var/tmp/")]
    public void ProgramThatAServiceDoesNotSee_IsRefused(string path, string folder)
    {
        _machine.Put(path, "");
        Assert.That(() => CheckAsync(path), Throws.InstanceOf<TeredoException>().With.Message.StartsWith($"A service does not see {path}, because {folder} is closed to it."));
    }

    [Test]
    public void Link_IsFollowed_ToWhatIsThere()
    {
        _machine.Answers["readlink -f /usr/bin/link"] = new(0, $"{FakeLinux.Program}\n", "");
        Assert.That(async () => await CheckAsync("/usr/bin/link"), Is.EqualTo(FakeLinux.Program));
        _machine.Answers["readlink -f /usr/bin/link"] = new(1, "", "");
        Assert.That(() => CheckAsync("/usr/bin/link"), Throws.InstanceOf<TeredoException>().With.Message.StartsWith("The program /usr/bin/link does not exist."));
        _machine.Answers["readlink -f /usr/bin/link"] = new(0, "/usr/bin/gone\n", "");
        Assert.That(() => CheckAsync("/usr/bin/link"), Throws.InstanceOf<TeredoException>().With.Message.StartsWith("The program /usr/bin/link does not exist."));
        _machine.Put("/usr/bin/dotnet", "");
        Assert.That(() => CheckAsync("/usr/bin/dotnet"), Throws.InstanceOf<TeredoException>().With.Message.StartsWith("/usr/bin/dotnet runs every .NET program."));
    }

    [Test]
    public void DotnetRoot_IsNamed_UnlessProgramsFindIt()
    {
        bool isUsual = DotnetRoot is "/usr/share/dotnet" or "/usr/lib/dotnet" or "/usr/lib64/dotnet";
        Assert.That(ServiceProgram.FindDotnetRoot(_machine), Is.EqualTo(isUsual ? null : DotnetRoot));
        _machine.Put("/etc/dotnet/install_location", $"/opt/other\n{DotnetRoot}\n");
        Assert.That(ServiceProgram.FindDotnetRoot(_machine), Is.Null);
    }

    [TestCase("/usr/share/dotnet"), TestCase("/usr/lib/dotnet"), TestCase("/usr/lib64/dotnet")]
    public void DotnetRoot_WherePackagesPutIt_IsFound(string root) => Assert.That(ServiceProgram.FindDotnetRoot(_machine, root), Is.Null);

    [Test]
    public void DotnetRoot_AnywhereElse_IsNamed_IfThereIsADotnet()
    {
        string root = _machine.At("/opt/dotnet");
        _machine.Put("/opt/dotnet/readme", "");
        Assert.That(ServiceProgram.FindDotnetRoot(_machine, root), Is.Null, "a program with a .NET of its own");
        _machine.Put("/opt/dotnet/dotnet", "");
        Assert.That(ServiceProgram.FindDotnetRoot(_machine, root), Is.EqualTo(root));
        _machine.Put("/etc/dotnet/install_location", $"{root}\n");
        Assert.That(ServiceProgram.FindDotnetRoot(_machine, root), Is.Null);
    }

    [TestCase(true, null, "/usr/bin/sudo")]
    [TestCase(true, ":0", "/usr/bin/sudo")]
    [TestCase(false, "DISPLAY=:0", "/usr/bin/pkexec")]
    [TestCase(false, "WAYLAND_DISPLAY=wayland-0", "/usr/bin/pkexec")]
    [TestCase(false, "DISPLAY=", null)]
    [TestCase(false, null, null)]
    public async Task RootsRights_AreAskedForByWhatCanAsk(bool hasTerminal, string? variable, string? way)
    {
        foreach (string program in new[] { "sudo", "pkexec", "env" })
            _machine.Put($"/usr/bin/{program}", "");
        string? Variable(string name) => variable?.Split('=') is [var key, var value] && key == name ? value : null;
        if (way is null)
        {
            var e = Assert.ThrowsAsync<TeredoException>(() => RootCommand.FindAsync(_machine, FakeLinux.Program, hasTerminal, Variable, default))!;
            Assert.That((e.Error, e.Message), Is.EqualTo((TeredoError.AccessDenied, "There is no terminal at which sudo could ask.")));
            return;
        }
        string? root = ServiceProgram.FindDotnetRoot(_machine);
        Assert.That(await RootCommand.FindAsync(_machine, FakeLinux.Program, hasTerminal, Variable, default),
            Is.EqualTo(root is null ? new[] { way, FakeLinux.Program } : [way, "/usr/bin/env", $"DOTNET_ROOT={root}", FakeLinux.Program]));
    }

    [Test]
    public void RootsRights_WithoutSudo_OrForAProgramOfSomebodyElse_AreNotAskedFor()
    {
        Task FindAsync(string? program) => RootCommand.FindAsync(_machine, program, true, _ => null, default);
        Assert.That(() => FindAsync(FakeLinux.Program), Throws.InstanceOf<TeredoException>().With.Message.StartsWith("Neither sudo nor"));
        _machine.Put("/usr/bin/sudo", "");
        Assert.That(() => FindAsync(null), Throws.InstanceOf<TeredoException>().With.Message.StartsWith("The executable of this process is not known."));
        _machine.Modes["/usr/local"] = "1000 0 755";
        Assert.That(() => FindAsync(FakeLinux.Program), Throws.InstanceOf<TeredoException>().With.Message.StartsWith("Not only root can change /usr/local,"));
    }

    [TestCase(TeredoService.Server, "notify", "CAP_NET_RAW", "PrivateDevices=yes")]
    [TestCase(TeredoService.Relay, "notify", "CAP_NET_ADMIN", "DevicePolicy=closed")]
    [TestCase(TeredoService.Client, "exec", "CAP_NET_ADMIN", "DevicePolicy=closed")]
    public void Unit_HasTheRightsOfItsService(TeredoService service, string type, string capability, string devices)
    {
        string[] lines = UnitText.Of(new(service), new() { Service = service, ProgramPath = "/a/teredo" }, null).Split('\n');
        Assert.That(lines, Does.Contain($"Type={type}").And.Contain($"AmbientCapabilities={capability}").And.Contain($"CapabilityBoundingSet={capability}").And.Contain(devices));
        Assert.That(lines, Does.Contain("Environment=DOTNET_EnableDiagnostics=0"));
        Assert.That(lines, Has.None.Contains("DOTNET_ROOT"));
    }

    [Test]
    public void Unit_QuotesWhatSystemdWouldReadMoreIn()
    {
        var options = new TeredoServiceOptions { ProgramPath = "/a b/teredo", Arguments = ["plain-_./:,=@+9", "", "q\"", @"b\", "p%n", "d$H", "semi;", "ß"] };
        string[] lines = UnitText.Of(new(TeredoService.Server), options, "/opt/my dotnet").Split('\n');
        Assert.That(lines, Does.Contain("""ExecStart="/a b/teredo" server plain-_./:,=@+9 "" "q\"" "b\\" "p%%n" "d$$H" "semi;" "ß" """.TrimEnd()));
        Assert.That(lines, Does.Contain("Environment=\"DOTNET_ROOT=/opt/my dotnet\""));
    }

    [TestCase("", "out\n", "out")]
    [TestCase(" two\nlines \n", "out", "two lines")]
    [TestCase("", " ", "it ended with 7")]
    public void Complaint_IsWhatAProgramSays_OnOneLine(string errors, string output, string expected) => Assert.That(new ProgramResult(7, output, errors).Complaint, Is.EqualTo(expected));

    [Test]
    public async Task Machine_RunsItsPrograms_AndWritesFilesThatAllMayRead()
    {
        var machine = LinuxMachine.Current;
        Assert.That((await machine.RunAsync("printf", ["%s", "a b"], default)).Output, Is.EqualTo("a b"));
        Assert.That((await machine.RunAsync("env", [], default)).Output, Does.Contain("LC_ALL=C.UTF-8").And.Contain("PATH=/usr/sbin:/usr/bin:/sbin:/bin\n"));
        Assert.That((await machine.RunAsync("cat", [], default)).Output, Is.Empty, "there is nothing to read");
        Assert.That(() => machine.ChangeAsync("cat", ["/no/such"], default), Throws.InstanceOf<TeredoException>().With.Message.Match("^`cat /no/such` failed: .*cat: /no/such: "));
        Assert.That(() => machine.RunAsync("no-such-program", [], default), Throws.InstanceOf<TeredoException>().With.Message.EqualTo("The program no-such-program is not installed."));
        using var cancellation = new CancellationTokenSource();
        var running = machine.RunAsync("sleep", ["600"], cancellation.Token);
        await cancellation.CancelAsync();
        Assert.CatchAsync<OperationCanceledException>(() => running.InTime());

        _machine.WriteFile("/new/folder/file", "one");
        _machine.WriteFile("/new/folder/file", "two");
        Assert.That(_machine.ReadFile("/new/folder/file"), Is.EqualTo("two"));
        if (!OperatingSystem.IsWindows())
            Assert.That(File.GetUnixFileMode(_machine.At("/new/folder/file")), Is.EqualTo((UnixFileMode)0b110_100_100));
        Assert.That(Directory.GetFiles(_machine.At("/new/folder")), Has.Exactly(1).Items);
        _machine.WriteFile("/new/folder/file", null);
        _machine.WriteFile("/none/file", null);
        Assert.That(_machine.ReadFile("/new/folder/file"), Is.Null);
    }
}
