using System.Net;
using System.Runtime.CompilerServices;
using GameServer.Game;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using TeredoSdk;

namespace GameServer;

/// <summary>A game and its page for spectators, at one Teredo address.</summary>
sealed class Host : IAsyncDisposable
{
    const int DefaultWeb = 8080, MaxSpectators = 200, QuietSeconds = 30;

    readonly WebApplication _app;
    readonly TeredoDatagramSocket _socket;

    Host(WebApplication app, TeredoDatagramSocket socket, int playersPerAddress) => (_app, _socket, Match) = (app, socket, new(socket, playersPerAddress));

    public Match Match { get; }

    public IPEndPoint EndPoint => CurrentEndPoint ?? throw new IOException("There is no Teredo address at the moment.");

    public IPEndPoint? CurrentEndPoint => _socket.TeredoEndPoint;

    /// <summary>Where the page is: at the Teredo address, and on this machine.</summary>
    public IEnumerable<string> Pages => _app.Urls;

    public static async Task<Host> StartAsync(Action<TeredoOptions> configure, int port, int web, int playersPerAddress, CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        builder.Services.AddTeredo(configure).Configure<TeredoHostingOptions>(hosting => hosting.WaitForAddress = false); // who waits at a terminal is told why
        builder.WebHost.UseTeredo(web).ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MaxConcurrentConnections = MaxSpectators;
            kestrel.Listen(IPAddress.Loopback, web);
        });
        var app = builder.Build();
        Host? host = null;
        app.MapGet("/", context => Page(context));
        app.MapGet("/events", (CancellationToken left) => TypedResults.ServerSentEvents(WatchAsync(() => host?.Match.Watch, left)));
        try
        {
            await app.StartAsync(cancellationToken);
            var socket = await app.Services.GetRequiredService<ITeredoSocketFactory>().BindDatagramAsync(port, cancellationToken);
            return host = new(app, socket, playersPerAddress);
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }
    }

    /// <summary>Runs the command host.</summary>
    public static async Task<int> RunAsync(Arguments arguments, CancellationToken cancellationToken)
    {
        using var key = arguments.Lobby is null ? null : Lobby.OpenKey(arguments.KeyFile ?? $"{arguments.Name}.key");
        await using var host = await StartAsync(arguments.Configure, arguments.Port, arguments.Web ?? DefaultWeb, arguments.PerAddress, cancellationToken);
        Console.WriteLine($"Game: {host.EndPoint}");
        host.TellPages();
        using var lobby = Lobby.Of(arguments);
        await using var publication = lobby?.Publish(key!, arguments.Name, host);
        if (!Console.IsInputRedirected)
            Console.WriteLine("'kick NAME' and 'ban NAME' remove a player. Ctrl-C ends.");
        _ = Task.Run(() => host.ReadCommands(), CancellationToken.None); // a read of the terminal has no other end than the process
        await host.ShowAsync(cancellationToken);
        Console.WriteLine(host.Match.Scores());
        return 0;
    }

    public void TellPages()
    {
        foreach (string page in Pages)
            Console.WriteLine($"Page: {page}");
    }

    /// <summary>Shows the state of the game until it ends: a line when players come or go, and now and then.</summary>
    public async Task ShowAsync(CancellationToken cancellationToken)
    {
        int players = -1, quiet = 0;
        try
        {
            while (true)
            {
                await Task.Delay(TimeSpan.FromSeconds(1), cancellationToken);
                if (Match.Watch.Players == players && ++quiet < QuietSeconds)
                    continue;
                (players, quiet) = (Match.Watch.Players, 0);
                Console.WriteLine(Match.Watch.Line);
            }
        }
        catch (OperationCanceledException)
        {
            // The game ends.
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Match.DisposeAsync();
        await _socket.DisposeAsync();
        await _app.DisposeAsync();
    }

    void ReadCommands()
    {
        while (Console.ReadLine() is { } line)
        {
            string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (words is not [("kick" or "ban") and var verb, var name])
                Console.WriteLine("Expected 'kick NAME' or 'ban NAME'.");
            else if (Match.Kick(name, verb == "kick" ? Refusal.Kicked : Refusal.Banned) == 0)
                Console.WriteLine($"Nobody has the name {name}.");
        }
    }

    static async Task Page(HttpContext context)
    {
        context.Response.ContentType = "text/html; charset=utf-8";
        context.Response.Headers.ContentSecurityPolicy = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; img-src data:";
        await using var page = typeof(Host).Assembly.GetManifestResourceStream("Spectators.html")!;
        await page.CopyToAsync(context.Response.Body, context.RequestAborted);
    }

    static async IAsyncEnumerable<string> WatchAsync(Func<Watch?> watch, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        string? last = null;
        using var timer = new PeriodicTimer(Arena.TickTime * Watch.EveryTicks);
        while (await timer.WaitForNextTickAsync(cancellationToken))
            if (watch()?.Latest is { } text && text != last)
                yield return last = text;
    }
}
