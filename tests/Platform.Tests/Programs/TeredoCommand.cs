using TeredoSdk.Platform.Tests.Network;

namespace TeredoSdk.Platform.Tests.Programs;

/// <summary>The <c>teredo</c> command.</summary>
static class TeredoCommand
{
    static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(30);

    public static string Executable => BuildOutput.Executable("src/TeredoSdk.Cli", "teredo");

    /// <summary>Starts our server, as an unprivileged user, on the first two addresses of a host; it serves when this returns.</summary>
    public static async Task<LabProcess> StartServerAsync(LabHost host)
    {
        string[] addresses = [.. host.Links[0].Addresses.Select(address => address.Split('/')[0])];
        var process = host.Start(Executable,
            ["server", "--address", addresses[0], "--secondary-address", addresses[1], "--allow-private"], StartOptions.User);
        await process.WaitForLineAsync("serving on", StartLimit);
        return process;
    }
}
