using System.Net;

namespace TeredoSdk.Cli.Tests;

/// <summary>A server process on loopback addresses of this machine, and the options that name it.</summary>
sealed class Loopback : IDisposable
{
    readonly LoopbackBlock _addresses = LoopbackBlock.Take();

    Loopback()
    {
        (Primary, Secondary, Silent) = (_addresses[1], _addresses[2], _addresses[5]);
        Server = CommandProcess.Start("server", "--address", $"{Primary}", "--secondary-address", $"{Secondary}", "--allow-private");
    }

    public IPAddress Primary { get; }

    public IPAddress Secondary { get; }

    /// <summary>An address where no server runs.</summary>
    public IPAddress Silent { get; }

    public CommandProcess Server { get; }

    public static async Task<Loopback> StartAsync()
    {
        var lab = new Loopback();
        await lab.Server.LineAsync("serving on ");
        return lab;
    }

    /// <summary>A command that uses the server.</summary>
    public string[] Command(params string[] arguments) => [.. arguments, "--server", $"{Primary},{Secondary}", "--allow-private"];

    public CommandProcess Start(params string[] arguments) => CommandProcess.Start(Command(arguments));

    public Task<Result> RunAsync(params string[] arguments) => CommandProcess.RunAsync(Command(arguments));

    public void Dispose()
    {
        Server.Dispose();
        _addresses.Dispose();
    }
}
