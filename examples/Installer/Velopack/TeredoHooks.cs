using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.Versioning;
using Velopack;

/// <summary>Sets Teredo up when the application first runs, and takes it back when it is uninstalled.</summary>
/// <example><code>VelopackApp.Build().WithTeredo(() =&gt; AskThePerson()).Run();</code></example>
[SupportedOSPlatform("windows")]
static class TeredoHooks
{
    const string Setup = "setup --app \"{0}\" --name Chess --tcp 4242 --enable-teredo --yes --installer";
    const string Removal = "remove --app \"{0}\" --name Chess --yes --installer";

    // Velopack ends a hook after 30 seconds.
    static readonly TimeSpan HookLimit = TimeSpan.FromSeconds(25);

    /// <summary>Starts a program; a test does it in its own way.</summary>
    public static Func<ProcessStartInfo, Process?> Start { get; set; } = Process.Start;

    /// <param name="app">The application.</param>
    /// <param name="ask">Asks the person, in the first run. An install hook may show nothing, so nothing is set up there.</param>
    public static VelopackApp WithTeredo(this VelopackApp app, Func<bool> ask) => app
        .OnFirstRun(_ =>
        {
            if (ask())
                RunElevated(Setup, Timeout.InfiniteTimeSpan);
        })
        .OnBeforeUninstallFastCallback(_ => RunElevated(Removal, HookLimit));

    // Velopack replaces the folder "current" at each update, so the path of the program stays, and with it the rule: an update needs no hook.
    static void RunElevated(string command, TimeSpan limit)
    {
        string program = Environment.ProcessPath!, folder = Path.GetDirectoryName(program)!;
        var start = new ProcessStartInfo(Path.Combine(folder, "teredo.exe"), string.Format(null, command, program))
        {
            UseShellExecute = true, // for the verb
            Verb = "runas",
            WindowStyle = ProcessWindowStyle.Hidden,
        };
        try
        {
            using var process = Start(start);
            process?.WaitForExit(limit);
        }
        catch (Win32Exception)
        {
            // The person refused the prompt: the application runs without, and its own report says what is missing.
        }
    }
}
