using System.Net;
using TeredoSdk.Platform.Tests.Network;

namespace TeredoSdk.Platform.Tests.Programs;

/// <summary>A <c>teredo listen</c> that can be dialled.</summary>
/// <param name="Process">The process.</param>
/// <param name="EndPoint">The Teredo address and port that it printed.</param>
sealed record TeredoListening(LabProcess Process, IPEndPoint EndPoint);

/// <summary>The <c>teredo</c> command of this repository in hosts of the lab.</summary>
static class TeredoProgram
{
    const string Listening = "listening on ", Has = "interface teredo has ";

    static string? PublishedPath;

    /// <summary>The program: the one that was built beside the tests, or the one that <see cref="UseNativeAsync"/> chose.</summary>
    public static string Path => PublishedPath ?? BuildOutput.Executable("src/TeredoSdk.Cli", "teredo");

    /// <summary>From now on, the command is the natively compiled one, as it is published for linux-x64.</summary>
    /// <param name="program">It; null: it is published first.</param>
    public static async Task UseNativeAsync(string? program) =>
        PublishedPath = program ?? await NativeProgram.PublishAsync("src/TeredoSdk.Cli", "teredo", "-r linux-x64");

    /// <summary>The arguments of a command that needs an address: the lab's addresses are documentation ones.</summary>
    public static string[] Asking(LabHost server) => ["--server", $"{server.Address}", "--allow-private"];

    /// <summary>Starts a command; as an unprivileged user unless the options say otherwise.</summary>
    public static LabProcess Start(LabHost host, IEnumerable<string> arguments, StartOptions? options = null) =>
        host.Start(Path, arguments, options ?? StartOptions.User);

    /// <summary>Starts <c>teredo listen</c> and waits until peers can get in.</summary>
    public static async Task<TeredoListening> ListenAsync(LabHost host, LabHost server, params string[] arguments)
    {
        var process = Start(host, ["listen", .. arguments, .. Asking(server)]);
        return new(process, await EndPointOfAsync(process));
    }

    /// <summary>Waits for the line that says where a process listens.</summary>
    public static async Task<IPEndPoint> EndPointOfAsync(LabProcess process) =>
        IPEndPoint.Parse((await process.WaitForLineAsync(line => line.StartsWith(Listening, StringComparison.Ordinal)))[Listening.Length..]);

    /// <summary>Starts <c>teredo client</c>, and waits until the host has an address.</summary>
    public static async Task<(LabProcess Process, IPAddress Address)> StartClientAsync(LabHost host, LabHost server, params string[] more)
    {
        var process = Start(host, ["client", .. Asking(server), .. more], new());
        return (process, await AddressOfAsync(process));
    }

    /// <summary>Waits for the line that says which address <c>teredo client</c> has.</summary>
    public static async Task<IPAddress> AddressOfAsync(LabProcess client, int from = 0) =>
        IPAddress.Parse((await client.WaitForLineAsync(line => line.StartsWith(Has, StringComparison.Ordinal), from: from))[Has.Length..]);

    /// <summary>Starts <c>teredo server</c> on the first two addresses of a host; it answers when this returns.</summary>
    public static async Task<LabProcess> StartServerAsync(LabHost host, StartOptions? options = null)
    {
        string[] addresses = [.. host.Links[0].Addresses.Select(address => address.Split('/')[0])];
        var process = Start(host, ["server", "--address", addresses[0], "--secondary-address", addresses[1], "--allow-private"], options);
        await process.WaitForLineAsync("serving on");
        return process;
    }

    /// <summary>Starts <c>teredo relay</c> for the lab's native IPv6 internet.</summary>
    public static async Task<LabProcess> StartRelayAsync(LabHost host, params string[] more)
    {
        string[] where = ["--interface", "teredo", "--address", $"{host.Address}", "--prefix", $"{Lab.Internet6}:/64"];
        var process = Start(host, ["relay", .. where, "--allow-private", .. more], new());
        await process.WaitForLineAsync("relaying on");
        return process;
    }

    /// <summary>Runs a command that must succeed and returns its standard output.</summary>
    /// <param name="host">Where.</param>
    /// <param name="input">Its standard input.</param>
    /// <param name="arguments">The command and its arguments.</param>
    public static async Task<string> RunAsync(LabHost host, string input, params string[] arguments)
    {
        var process = Start(host, arguments);
        await process.Input.WriteAsync(input);
        process.Input.Close();
        Assert.That(await process.WaitForExitAsync(), Is.Zero, () => process.Transcript);
        return process.Output;
    }

    /// <summary>Sends a datagram by a command, waits until it comes back, and lets the command end.</summary>
    public static async Task<string> EchoDatagramAsync(LabHost host, string text, params string[] arguments)
    {
        var process = Start(host, ["connect", "--udp", "--linger", "0.1", .. arguments]);
        await process.Input.WriteLineAsync(text);
        await process.Input.FlushAsync();
        await process.WaitForLineAsync(line => line == text);
        process.Input.Close();
        Assert.That(await process.WaitForExitAsync(), Is.Zero, () => process.Transcript);
        return process.Output;
    }
}
