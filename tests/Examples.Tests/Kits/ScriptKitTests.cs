using System.Diagnostics;
using System.Management.Automation.Language;
using System.Text.RegularExpressions;
using Velopack;

namespace TeredoSdk.Examples.Tests.Kits;

/// <summary>The kits that are scripts: each is read, built or run as far as its tool is to be had.</summary>
public sealed class ScriptKitTests
{
    [TestCase("Install.ps1")]
    [TestCase("Uninstall.ps1")]
    [TestCase("Detect.ps1")]
    public void PowerShell_Parses(string file)
    {
        var script = Parser.ParseFile(Kit.Path($"PowerShell/{file}"), out _, out var errors);
        Assert.That(errors.Select(error => $"{error.Extent.StartLineNumber}: {error.Message}"), Is.Empty);
        // Each call of the command is followed by a look at its exit code: PowerShell itself does not stop for one.
        bool Has(Ast part, string text) => $"{part}".Contains(text, StringComparison.Ordinal);
        int calls = script.FindAll(part => part is CommandAst command && Has(command.CommandElements[0], "teredo.exe"), true).Count();
        int looks = script.FindAll(part => part is IfStatementAst choice && Has(choice.Clauses[0].Item1, "$LASTEXITCODE"), true).Count();
        Assert.That((calls, looks), Is.EqualTo((1, 1)));
    }

    // There is no compiler of it for Linux: sections, keys and flags as its documentation names them.
    [Test]
    public void Inno_HasTheSectionsKeysAndFlagsOfTheFormat()
    {
        Dictionary<string, string[]> known = new()
        {
            ["Setup"] =
            [
                "AppId", "AppName", "AppVersion", "AppPublisher", "DefaultDirName", "UsePreviousAppDir", "PrivilegesRequired", "ArchitecturesAllowed",
                "ArchitecturesInstallIn64BitMode", "OutputBaseFilename",
            ],
            ["Files"] = ["Source", "DestDir", "Flags"],
            ["Tasks"] = ["Name", "Description", "Flags"],
            ["Run"] = ["Filename", "Parameters", "Flags", "Tasks", "StatusMsg"],
            ["UninstallRun"] = ["Filename", "Parameters", "Flags", "RunOnceId"],
        };
        string section = "";
        var lines = File.ReadLines(Kit.Path("Inno/Chess.iss")).Where(line => line.Trim() is { Length: > 0 } text && text[0] is not (';' or '#'));
        foreach (string line in lines)
        {
            if (line[0] == '[')
            {
                section = line.Trim('[', ']');
                Assert.That(known, Does.ContainKey(section));
                continue;
            }
            string[] keys = section == "Setup" ? [line.Split('=')[0]]
                : [.. Regex.Matches(line, """(?:^|; )(\w+): (?:"(?:[^"]|"")*"|[\w ]+)(?=; |$)""").Select(match => match.Groups[1].Value)];
            Assert.That(keys, Is.Not.Empty.And.SubsetOf(known[section]), line);
            Assert.That(line.Count(c => c == '"') % 2, Is.Zero, line);
            Assert.That(Regex.Match(line, @"Flags: ([\w ]+)").Groups[1].Value, Is.AnyOf("", "unchecked", "runhidden"), line);
            Assert.That(Regex.Match(line, @"Tasks: (\w+)").Groups[1].Value, Is.AnyOf("", "teredo"), line);
        }
    }

    [Test]
    public async Task Nsis_IsBuiltWithoutAWarning()
    {
        string folder = Directory.CreateTempSubdirectory("teredo-nsis-").FullName;
        try
        {
            foreach (string program in new[] { "Chess.exe", "teredo.exe" })
                File.WriteAllText(Path.Combine(folder, program), "a stand-in");
            string made = Path.Combine(folder, "chess-setup.exe");
            await Kit.RunAsync("nsis", "/usr/bin/makensis", "-V2", "-WX", $"-DPUBLISH={folder}", $"-DOUTPUT={made}", Kit.Path("Nsis/Chess.nsi"));
            Assert.That(File.ReadAllBytes(made)[..2], Is.EqualTo("MZ"u8.ToArray()));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [TestCase(false, true, "setup --app \"{0}\" --name Chess --tcp 4242 --enable-teredo --yes --installer")]
    [TestCase(false, false, null)]
    [TestCase(true, false, "remove --app \"{0}\" --name Chess --yes --installer")]
    [System.Diagnostics.CodeAnalysis.SuppressMessage("Interoperability", "CA1416", Justification = "Nothing is started.")]
    public void Velopack_AsksThenSetsUp_AndRemovesAtTheEnd(bool isUninstallation, bool agrees, string? arguments)
    {
        List<ProcessStartInfo> started = [];
        TeredoHooks.Start = start =>
        {
            started.Add(start);
            return null;
        };
        VelopackApp.Build().WithTeredo(() => agrees).Run(isUninstallation);
        string[] expected = arguments is null ? [] : [string.Format(null, arguments, Environment.ProcessPath)];
        Assert.That(started.Select(start => start.Arguments), Is.EqualTo(expected));
        Assert.That(started.Select(start => (start.Verb, start.UseShellExecute)), Is.All.EqualTo(("runas", true)));
    }

    // Refusing the prompt is an answer, and no failure.
    [Test]
    [System.Diagnostics.CodeAnalysis.SuppressMessage("Interoperability", "CA1416", Justification = "Nothing is started.")]
    public void Velopack_PromptIsRefused_TheApplicationRuns()
    {
        const int cancelled = 1223; // ERROR_CANCELLED
        TeredoHooks.Start = _ => throw new System.ComponentModel.Win32Exception(cancelled);
        Assert.That(() => VelopackApp.Build().WithTeredo(() => true).Run(isUninstallation: false), Throws.Nothing);
    }
}
