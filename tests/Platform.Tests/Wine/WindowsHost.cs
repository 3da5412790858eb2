using System.Globalization;
using TeredoSdk.Platform.Tests.Network;
using TeredoSdk.Platform.Tests.Programs;

namespace TeredoSdk.Platform.Tests.Wine;

/// <summary>
/// A host of the lab that runs programs for Windows: a prefix of Wine of its own, whose wineserver is started in the host's namespace, because
/// the sockets of all its programs are the wineserver's. It ends with the lab.
/// </summary>
sealed class WindowsHost
{
    readonly LabHost _host;

    WindowsHost(LabHost host) => (_host, Prefix) = (host, Path.Combine(host.Lab.Scratch, $"{host.Name}-windows"));

    /// <summary>The folder that holds this Windows.</summary>
    public string Prefix { get; }

    /// <summary>The folder of drive C.</summary>
    public string DriveC => Path.Combine(Prefix, "drive_c");

    /// <summary>The folder of Windows' own programs and libraries.</summary>
    public string System32 => Path.Combine(DriveC, "windows", "system32");

    /// <summary>The command line program of this repository.</summary>
    public static string Teredo => BuildOutput.WindowsProgram("tests/Windows.Cli", "teredo");

    /// <summary>The chat example.</summary>
    public static string Chat => BuildOutput.WindowsProgram("tests/Windows.Chat", "Chat");

    StartOptions Options(string trace = "-all") => new()
    {
        Environment = new Dictionary<string, string>
        {
            ["WINEPREFIX"] = Prefix,
            ["WINEDEBUG"] = trace,
            ["WINEDLLOVERRIDES"] = "iphlpapi,fwpuclnt,netsh.exe=n,b", // Wine's own where no other is put in its place
            ["DOTNET_EnableWriteXorExecute"] = "0", // Wine 8: a finaliser crashes the process otherwise
        },
    };

    /// <summary>Copies a new Windows, lets it be changed, and starts it in a host of a lab that is started.</summary>
    public static async Task<WindowsHost> StartAsync(LabHost host, Func<WindowsHost, Task> prepare)
    {
        var windows = new WindowsHost(host);
        string from = await WineInstallation.NewWindowsAsync();
        // The programs of Windows are links, which nobody writes through; what Windows writes are copies.
        await Shell.RunAsync($"""
            mkdir '{windows.Prefix}'
            cd '{from}'
            cp -a dosdevices *.reg .update-timestamp '{windows.Prefix}/'
            cp -al drive_c '{windows.Prefix}/'
            """);
        File.AppendAllText(Path.Combine(windows.Prefix, "user.reg"), "\n[Software\\\\Wine] 0\n\"Version\"=\"win10\"\n");
        await prepare(windows);
        await windows.RunToolAsync("wineserver", "-p");
        await windows.RunToolAsync("wine", "wineboot");
        return windows;
    }

    /// <summary>Starts a program for Windows, which is ended after the limit.</summary>
    /// <param name="program">Its path on Linux or Windows.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="limit">How long it may run.</param>
    /// <param name="trace">What Wine tells of its calls on standard error, in the words of WINEDEBUG.</param>
    public LabProcess Start(string program, IEnumerable<string> arguments, TimeSpan? limit = null, string trace = "-all")
    {
        string seconds = (limit ?? Patience.Limit).TotalSeconds.ToString(CultureInfo.InvariantCulture);
        return _host.Start("timeout", ["-k", "3", seconds, "wine", program, .. arguments], Options(trace));
    }

    /// <summary>Starts <c>teredo.exe</c>.</summary>
    public LabProcess StartTeredo(params string[] arguments) => Start(Teredo, arguments);

    // The output goes nowhere, so that what is left running does not hold it open.
    async Task RunToolAsync(string program, string argument)
    {
        var process = _host.Start("sh", ["-c", $"exec {program} {argument} >/dev/null 2>&1 </dev/null"], Options());
        Assert.That(await process.WaitForExitAsync(), Is.Zero, () => process.Transcript);
    }
}
