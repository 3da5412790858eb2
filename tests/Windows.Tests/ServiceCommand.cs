using System.Diagnostics;

namespace TeredoSdk.Windows.Tests;

/// <summary>What only <c>sc.exe</c> does to services.</summary>
static class ServiceCommand
{
    /// <summary>Stops a service.</summary>
    public static void Stop(string name)
    {
        using var process = Process.Start("sc.exe", $"stop {name}");
        Assert.That(process.WaitForExit(Patience.Limit), name);
    }

    /// <summary>Starts a service that was stopped. Its last process may not have ended yet, so this tries again.</summary>
    public static async Task StartAsync(string name)
    {
        using var late = new CancellationTokenSource(Patience.Limit);
        while (!WindowsSystem.Current.ReadService(name).Value!.IsRunning)
        {
            using (var process = Process.Start("sc.exe", $"start {name}"))
                await process.WaitForExitAsync(late.Token);
            await Task.Delay(100, late.Token);
        }
    }

    /// <summary>Starts IP Helper anew, with what lasts of Teredo's configuration.</summary>
    public static Task RestartIpHelperAsync()
    {
        Stop("iphlpsvc");
        return StartAsync("iphlpsvc");
    }
}
