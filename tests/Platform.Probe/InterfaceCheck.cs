namespace TeredoSdk.Platform.Probe;

/// <summary>Makes a Teredo interface and asks whether strangers get in.</summary>
static class InterfaceCheck
{
    public static async Task<int> RunAsync()
    {
        if (!OperatingSystem.IsLinux())
            return 2;
        var host = await TeredoInterfaceHost.StartAsync(new() { Client = Options.Create() });
        Console.WriteLine($"reachability {(await host.CheckReachabilityAsync()).Reachability}, reported {host.Report.Reachability}");
        await host.DisposeAsync();
        try
        {
            await host.CheckReachabilityAsync();
        }
        catch (ObjectDisposedException)
        {
            Console.WriteLine("disposed");
        }
        return 0;
    }
}
