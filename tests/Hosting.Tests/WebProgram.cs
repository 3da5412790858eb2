using System.Diagnostics;
using System.Threading.Channels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using TeredoSdk.AspNetCore;
using TeredoSdk.Tests;

namespace TeredoSdk.Hosting.Tests;

/// <summary>Kestrel over Teredo as a process of its own: this very assembly, started as a program.</summary>
sealed class WebProgram : IDisposable
{
    readonly Process _process;
    readonly Channel<string> _lines = Channel.CreateUnbounded<string>();

    WebProgram(Process process)
    {
        _process = process;
        _ = ReadAsync();
    }

    public int Id => _process.Id;

    /// <summary>The entry point of this assembly.</summary>
    /// <param name="args">The Teredo server's addresses.</param>
    public static async Task Main(string[] args)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders().AddSimpleConsole(console => console.SingleLine = true).SetMinimumLevel(LogLevel.Warning);
        builder.Services.AddTeredo(o => (o.Servers, o.AllowPrivateAddresses, o.Sockets) = ([args[0]], true, TeredoSockets.Kernel));
        builder.WebHost.UseTeredo(8080);
        var app = builder.Build();
        app.MapGet("/", (HttpContext context) => context.Connection.RemoteIpAddress!.ToString());
        await app.StartAsync().ConfigureAwait(false);
        LoggerMessage.Define<string>(LogLevel.Warning, default, "listening on {Url}")(app.Logger, app.Urls.Single(), null);
        await app.WaitForShutdownAsync().ConfigureAwait(false);
    }

    /// <summary>Starts the program at the server of the laboratory.</summary>
    public static WebProgram Start(Loopback lab) => new(Process.Start(
        new ProcessStartInfo("dotnet", [typeof(WebProgram).Assembly.Location, lab.Options.Servers.Single()]) { RedirectStandardOutput = true })!);

    /// <summary>Waits for a line with this text.</summary>
    /// <returns>What comes after the text.</returns>
    public async Task<string> LineAsync(string text)
    {
        List<string> lines = [];
        try
        {
            while (true)
            {
                lines.Add(await _lines.Reader.ReadAsync().AsTask().InTime());
                if (lines[^1].IndexOf(text, StringComparison.Ordinal) is >= 0 and var at)
                    return lines[^1][(at + text.Length)..].Trim();
            }
        }
        catch (Exception e) when (e is ChannelClosedException or TimeoutException)
        {
            throw new AssertionException($"There is no line with '{text}', but: {string.Join(" | ", lines)}");
        }
    }

    public void Dispose()
    {
        _process.Kill();
        _process.Dispose();
    }

    async Task ReadAsync()
    {
        while (await _process.StandardOutput.ReadLineAsync().ConfigureAwait(false) is { } line)
            _lines.Writer.TryWrite(line);
        _lines.Writer.Complete();
    }
}
