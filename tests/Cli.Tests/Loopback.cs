using System.Net;

namespace TeredoSdk.Cli.Tests;

/// <summary>A server on loopback addresses of this machine, and the options that name it.</summary>
sealed class Loopback : IDisposable
{
    readonly LoopbackBlock _addresses = LoopbackBlock.Take();
    TeredoServerHost? _server;

    Loopback() => (Primary, Secondary, Stranger, Silent) = (_addresses[1], _addresses[2], _addresses[3], _addresses[5]);

    public IPAddress Primary { get; }

    public IPAddress Secondary { get; }

    /// <summary>The server's address of a stranger.</summary>
    public IPAddress Stranger { get; }

    /// <summary>An address where no server runs.</summary>
    public IPAddress Silent { get; }

    /// <summary>Options of a node in this process that uses the server.</summary>
    public TeredoOptions Options => new() { Servers = [$"{Primary},{Secondary}"], AllowPrivateAddresses = true };

    /// <param name="stranger">Whether clients that ask get a packet of a stranger.</param>
    public static async Task<Loopback> StartAsync(bool stranger = false)
    {
        var lab = WithoutServer();
        lab._server = await TeredoServerHost.StartAsync(new()
        {
            Address = lab.Primary,
            SecondaryAddress = lab.Secondary,
            ReflectAddress = stranger ? lab.Stranger : null,
            AllowPrivateAddresses = true,
        });
        return lab;
    }

    /// <summary>The addresses alone.</summary>
    public static Loopback WithoutServer() => new();

    /// <summary>A command that uses the server.</summary>
    public string[] Command(params string[] arguments) => [.. arguments, "--server", $"{Primary},{Secondary}", "--allow-private"];

    /// <summary>Starts a command that uses the server, as a process.</summary>
    public CommandProcess Start(params string[] arguments) => CommandProcess.Start(Command(arguments));

    /// <summary>Runs a command that uses the server, inside this process.</summary>
    public Task<Result> RunAsync(params string[] arguments) => HereCommand.RunAsync(Command(arguments));

    public void Dispose()
    {
        _server?.DisposeAsync().AsTask().Wait(Patience.Limit);
        _addresses.Dispose();
    }
}
