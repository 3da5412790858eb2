using System.Diagnostics;

namespace TeredoSdk.Windows.Tests;

/// <summary>What only <c>sc.exe</c> does to services: to stop, to create and to delete them.</summary>
static class ServiceCommand
{
    public static void Run(string command)
    {
        using var process = Process.Start("sc.exe", command);
        Assert.That(process.WaitForExit(Patience.Limit), command);
    }

    /// <summary>Starts IP Helper anew, with what lasts of Teredo's configuration.</summary>
    public static async Task RestartIpHelperAsync()
    {
        Run("stop iphlpsvc");
        await WindowsSystem.Current.StartServiceAsync("iphlpsvc", CancellationToken.None).WaitAsync(Patience.Limit);
    }
}
