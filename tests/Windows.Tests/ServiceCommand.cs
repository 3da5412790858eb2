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

    /// <summary>
    /// Makes a service of the fakes that starts with Windows, or lets it do so again. What was deleted stays marked until the last handle is closed and its
    /// process has ended (DeleteService), so this tries again.
    /// </summary>
    public static async Task MakeAutomaticAsync(string name)
    {
        using var late = new CancellationTokenSource(Patience.Limit);
        while (true)
        {
            Run($@"create {name} binPath= ""C:\fakes\service.exe {name}"" start= auto"); // nothing where it still is
            try
            {
                WindowsSystem.Current.SetServiceStart(name, ServiceStartType.Automatic);
                return;
            }
            catch (TeredoException)
            {
                await Task.Delay(100, late.Token);
            }
        }
    }

    /// <summary>Starts IP Helper anew, with what lasts of Teredo's configuration.</summary>
    public static async Task RestartIpHelperAsync()
    {
        Run("stop iphlpsvc");
        await WindowsSystem.Current.StartServiceAsync("iphlpsvc", CancellationToken.None).WaitAsync(Patience.Limit);
    }
}
