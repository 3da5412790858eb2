using System.Diagnostics;

namespace TeredoSdk.Documentation.Tests;

/// <summary>
/// A network namespace with nothing but a loopback interface, on which addresses look public: what pages show runs there as on the internet, with a server
/// beside it. Needs Linux, unshare and ip.
/// </summary>
sealed class LonelyNetwork : IDisposable
{
    const string Server = "45.45.45.1", Secondary = "45.45.45.2", Client = "45.45.45.3"; // a loopback interface answers for its whole subnet

    /// <summary>The command, where it was built.</summary>
    public static readonly string Teredo = Path.Combine(AppContext.BaseDirectory.Replace(Path.Combine("tests", "Documentation.Tests"),
        Path.Combine("src", "TeredoSdk.Cli"), StringComparison.Ordinal), "teredo");

    readonly Process _holder;
    readonly RunningProgram _server;

    LonelyNetwork(Process holder)
    {
        _holder = holder;
        _server = Start(Teredo, ["server", "--address", Server, "--secondary-address", Secondary]);
    }

    /// <summary>Makes the network, or passes the test over and says what is missing.</summary>
    public static async Task<LonelyNetwork> StartAsync()
    {
        if (!OperatingSystem.IsLinux())
            Assert.Ignore("Network namespaces exist on Linux only.");
        string script = $"ip link set lo up && ip address add {Client}/24 dev lo && echo ready && exec cat";
        Process holder;
        try
        {
            var start = new ProcessStartInfo("unshare", [.. Namespaces("--map-root-user"), "sh", "-c", script])
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            };
            holder = Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            Assert.Ignore($"unshare can't be started: {e.Message}");
            throw;
        }
        if (await holder.StandardOutput.ReadLineAsync().WaitAsync(Patience.Limit) != "ready")
            Assert.Ignore($"No network of its own can be made here: {await holder.StandardError.ReadToEndAsync().WaitAsync(Patience.Limit)}");
        var network = new LonelyNetwork(holder);
        await network._server.SeeAsync("serving on ");
        return network;
    }

    /// <summary>Starts a program in the network.</summary>
    public RunningProgram Start(string program, IEnumerable<string> arguments) => new("nsenter",
        ["--target", $"{_holder.Id}", .. Namespaces("--preserve-credentials"), "--", program, .. arguments],
        (TeredoOptions.ServerVariable, $"{Server},{Secondary}"));

    public void Dispose()
    {
        _server.Dispose();
        _holder.StandardInput.Close(); // ends cat, and the network with it
        _holder.WaitForExit(Patience.Limit);
        _holder.Dispose();
    }

    // Who is not root makes and enters a user namespace, too.
    static string[] Namespaces(string forUsers) => Environment.IsPrivilegedProcess ? ["--net"] : ["--net", "--user", forUsers];
}
