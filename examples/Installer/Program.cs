using TeredoSdk;
using TeredoSdk.Testing;
using TeredoSdk.Windows.Setup;

// Shows what an installer does so that strangers can reach a program through Windows' Teredo, and what its uninstaller does.
//   dotnet run --project examples/Installer -- install|uninstall PROGRAM [--demo]

if (args is not (["install" or "uninstall", _] or ["install" or "uninstall", _, "--demo"]))
{
    Console.Error.WriteLine("Usage: install|uninstall PROGRAM [--demo]");
    return 2;
}
var options = new TeredoSetupOptions { Name = "Example Chat", ProgramPath = args[1], TcpPort = 4242, EnableTeredo = true };
try
{
    if (args.Length == 2 && OperatingSystem.IsWindows())
        return await (args[0] == "install" ? InstallAsync(options) : UninstallAsync(options));
    Console.WriteLine("This runs on a fake Windows in memory, not on this machine:");
#pragma warning disable TEREDO001 // the seam to Windows may still change; a test that uses it is changed along
    var windows = new FakeWindows();
    windows.Files[options.ProgramPath] = true;
    string records = Directory.CreateTempSubdirectory("teredo-installer-").FullName;
    (options.Windows, options.RecordFolder) = (windows, records);
#pragma warning restore TEREDO001
    int failures = await InstallAsync(options) + await UninstallAsync(options);
    Console.WriteLine($"At the end the firewall has {windows.Firewall.Rules.Count} rules, and Teredo is set to {windows.Teredo.EffectiveType}.");
    return failures;
}
catch (Exception e) when (e is TeredoException or ArgumentException)
{
    Console.Error.WriteLine(e.Message); // the message says what is wrong, and what to do
    return 1;
}

static async Task<int> InstallAsync(TeredoSetupOptions options) => await ApplyAsync("install", await TeredoSetup.PlanAsync(options));

static async Task<int> UninstallAsync(TeredoSetupOptions options) => await ApplyAsync("uninstall", await TeredoSetup.PlanRemovalAsync(options));

static async Task<int> ApplyAsync(string what, SetupPlan plan)
{
    Console.WriteLine($"To {what}:");
    foreach (var step in plan.Steps)
        Console.WriteLine($"  {step.Sentence}");
    foreach (var finding in plan.Findings)
        Console.WriteLine($"  Note: {finding.Sentence}");
    foreach (var finding in await plan.ApplyAsync()) // undoes everything when a step fails
        Console.WriteLine($"  Note: {finding.Sentence}");
    Console.WriteLine("  Done; each step was read back.");
    return 0;
}
