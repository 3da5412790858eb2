using System.Text;
using TeredoSdk.Platform.Tests.Network;
using TeredoSdk.Platform.Tests.Programs;
using TeredoSdk.Windows.Tests;

namespace TeredoSdk.Platform.Tests.Wine;

/// <summary>The fakes of Windows' parts (tests/Windows.Fakes), built once in a run, and how they come into a Windows.</summary>
static class NativeFakes
{
    /// <summary>The folder in which the fakes find their settings and keep what was done, as Wine's programs see it.</summary>
    public const string Folder = @"C:\fakes";

    static readonly string[] SystemFiles = ["iphlpapi.dll", "wineiphl.dll", "fwpuclnt.dll", "wscapi.dll", "wineseh.dll", "netsh.exe"];

    static readonly (string Class, string Server)[] Classes =
    [
        ("E2B3C97F-6AE1-41AC-817A-F6F92166D7DD", "firewall.dll"), // NetFwPolicy2
        ("2C5BC43E-3369-4C33-AB0C-BE9469677AF4", "firewall.dll"), // NetFwRule
        ("CC19079B-8272-4D73-BB70-CDB533527B61", "firewall.dll"), // NetFwProducts
        ("304CE942-6E39-40D8-943A-B913C40C9CD4", "firewall.dll"), // NetFwMgr
        ("0CA545C6-37AD-4A6C-BF92-9F7610067EF5", "firewall.dll"), // NetFwOpenPort
        ("4590F811-1D3A-11D0-891F-00AA004B2E24", "cim.dll"),      // WbemLocator
    ];

    const string IpHelper = "iphlpsvc";

    static readonly Lazy<Task<string>> Built = new(BuildAsync);

    /// <summary>A host that has the fake client's address, so that its sockets may use it.</summary>
    public static LabHost AddHost(Lab lab)
    {
        var host = lab.AddPublicHost("windows", native: false);
        host.Routes.Add($"addr add {FakeFiles.Address}/128 dev lo");
        return host;
    }

    /// <summary>The files of the fakes in a Windows.</summary>
    public static FakeFiles FilesOf(WindowsHost windows) => new(Path.Combine(windows.DriveC, "fakes"));

    /// <summary>Puts the fakes into a Windows that is not started yet.</summary>
    public static Task InstallAsync(WindowsHost windows) => InstallAsync(windows, "Both", IpHelper);

    /// <summary>Puts them in without the service that runs Windows' Teredo.</summary>
    public static Task InstallWithoutIpHelperAsync(WindowsHost windows) => InstallAsync(windows, "Both");

    /// <summary>Puts them in with the firewall's classes in apartments of their own: the pages do not say which the real ones have.</summary>
    public static Task InstallInApartmentsAsync(WindowsHost windows) => InstallAsync(windows, "Apartment", IpHelper);

    static async Task InstallAsync(WindowsHost windows, string firewallThreading, params string[] services)
    {
        string built = await Built.Value;
        string fakes = Path.Combine(windows.DriveC, "fakes");
        Directory.CreateDirectory(fakes);
        foreach (string file in Directory.EnumerateFiles(built))
            Replace(file, SystemFiles.Contains(Path.GetFileName(file)) ? windows.System32 : fakes);
        File.AppendAllText(Path.Combine(windows.Prefix, "system.reg"), Registry(firewallThreading, services));
    }

    /// <summary>Puts in only what keeps exceptions from hanging a program under Wine, which is no part of Windows.</summary>
    public static async Task InstallWorkaroundAsync(WindowsHost windows) =>
        Replace(Path.Combine(await Built.Value, "wineseh.dll"), windows.System32);

    // Removed first: the files of a new Windows are links.
    static void Replace(string file, string folder)
    {
        string target = Path.Combine(folder, Path.GetFileName(file));
        File.Delete(target);
        File.Copy(file, target);
    }

    static string Registry(string firewallThreading, string[] services)
    {
        var text = new StringBuilder();
        foreach (var (id, server) in Classes)
        {
            text.Append($"\n[Software\\\\Classes\\\\CLSID\\\\{{{id}}}\\\\InprocServer32] 0\n");
            text.Append($"@=\"{Folder.Replace(@"\", @"\\", StringComparison.Ordinal)}\\\\{server}\"\n\"ThreadingModel\"=\"{(server == "firewall.dll" ? firewallThreading : "Both")}\"\n");
        }
        foreach (string service in (string[])[.. services, "mpssvc", "wscsvc"])
        {
            text.Append($"\n[System\\\\CurrentControlSet\\\\Services\\\\{service}] 0\n");
            text.Append($"\"DisplayName\"=\"{service}\"\n\"ErrorControl\"=dword:00000001\n\"ObjectName\"=\"LocalSystem\"\n");
            text.Append($"\"ImagePath\"=\"{Folder.Replace(@"\", @"\\", StringComparison.Ordinal)}\\\\service.exe {service}\"\n");
            text.Append("\"Start\"=dword:00000002\n\"Type\"=dword:00000010\n");
        }
        return text.ToString();
    }

    static async Task<string> BuildAsync()
    {
        string folder = Path.Combine(BuildOutput.Programs, "fakes");
        string own = Path.Combine(await WineInstallation.NewWindowsAsync(), "drive_c", "windows", "system32", "iphlpapi.dll");
        string script = Path.Combine(BuildOutput.Root, "tests", "Windows.Fakes", "build.sh");
        await Shell.RunAsync($"exec sh '{script}' '{folder}' '{own}'", limit: Patience.LongLimit);
        return folder;
    }
}
