using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using TeredoSdk.AspNetCore;
using TeredoSdk.Tests;

namespace TeredoSdk.Hosting.Tests;

/// <summary>Kestrel and HttpClient over sockets of the engine.</summary>
public sealed class WebTests
{
    [Slow]
    [Test]
    public async Task Kestrel_ServesATeredoPeer_AndItsOtherEndpoints()
    {
        await using var lab = new Loopback();
        await using var app = await StartAsync(lab, builder => builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0)));
        await using var peer = await StartPeerAsync(lab);
        using var client = new HttpClient(new SocketsHttpHandler().UseTeredo(peer));
        string teredo = app.Urls.Single(url => url.Contains("[2001:", StringComparison.Ordinal));
        string plain = app.Urls.Single(url => url.Contains("127.0.0.1", StringComparison.Ordinal));
        Assert.That(new Uri(teredo).IdnHost, Is.EqualTo(app.Services.GetRequiredService<ITeredoSocketFactory>().Report.Address!.ToString()));
        Assert.That(await client.GetStringAsync(teredo).InTime(), Is.EqualTo(peer.Address!.ToString()), "the server saw the peer's Teredo address");

        byte[] large = new byte[1 << 20];
        new Random(1).NextBytes(large);
        using var answer = await client.PostAsync(teredo + "/echo", new ByteArrayContent(large)).InTime();
        Assert.That(await answer.Content.ReadAsByteArrayAsync().InTime(), Is.EqualTo(large));

        using var ordinary = new HttpClient();
        Assert.That(await ordinary.GetStringAsync(plain).InTime(), Is.EqualTo("127.0.0.1"));
    }

    [Slow]
    [Test]
    public async Task Kestrel_Stops_AndClosesEverySocket()
    {
        await using var lab = new Loopback();
        await using var app = await StartAsync(lab);
        await using var peer = await StartPeerAsync(lab);
        using var client = new HttpClient(new SocketsHttpHandler().UseTeredo(peer));
        string url = app.Urls.Single();
        await client.GetStringAsync(url).InTime();
        var node = await app.Services.GetRequiredService<ITeredoSocketFactory>().GetNodeAsync();
        Assert.That(node.Report.Sockets, Is.EqualTo(2), "the listener, and the connection that the client keeps");
        await app.StopAsync().InTime();
        Assert.That(node.Report.Sockets, Is.Zero);
        Assert.That(node.Report.State, Is.EqualTo(TeredoState.Stopped));
    }

    [Test]
    public async Task HttpClient_OfAnInjectedFactory_ReachesAPeer()
    {
        await using var lab = new Loopback();
        await using var app = await StartAsync(lab);
        var options = lab.KernelOptions;
        await using var services = new ServiceCollection()
            .AddTeredo(o => (o.Servers, o.AllowPrivateAddresses, o.Sockets) = (options.Servers, true, options.Sockets))
            .AddHttpClient("peers").UseTeredo().Services.BuildServiceProvider();
        using var client = services.GetRequiredService<IHttpClientFactory>().CreateClient("peers");
        Assert.That(await client.GetStringAsync(app.Urls.Single()).InTime(),
            Is.EqualTo(services.GetRequiredService<ITeredoSocketFactory>().Report.Address!.ToString()));
    }

    [Test]
    public async Task HttpClient_NameWithoutAddress_FailsWithTheSentence()
    {
        await using var lab = new Loopback();
        await using var app = await StartAsync(lab);
        await using var peer = await StartPeerAsync(lab);
        using var client = new HttpClient(new SocketsHttpHandler().UseTeredo(peer));
        var e = Assert.ThrowsAsync<HttpRequestException>(() => client.GetStringAsync("http://peer.invalid/").InTime())!;
        Assert.That((e.InnerException as TeredoException)?.Error, Is.EqualTo(TeredoError.HostNotResolved), e.ToString());
    }

    [Test]
    public async Task Kestrel_AndHttpClient_WorkInsideTheProcess()
    {
        await using var lab = new Loopback();
        var aborted = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var app = await StartAsync(lab, sockets: TeredoSockets.InProcess);
        app.MapGet("/wait", async (HttpContext context) =>
        {
            context.RequestAborted.Register(aborted.SetResult);
            await context.Response.Body.FlushAsync();
            await aborted.Task;
        });
        await using var peer = await lab.StartAsync();
        using var client = new HttpClient(new SocketsHttpHandler().UseTeredo(peer));
        string url = app.Urls.Single();
        Assert.That(await client.GetStringAsync(url).InTime(), Is.EqualTo(peer.Address!.ToString()), "the server saw the peer's Teredo address");
        byte[] large = new byte[1 << 20];
        new Random(1).NextBytes(large);
        using (var answer = await client.PostAsync(url + "/echo", new ByteArrayContent(large)).InTime())
            Assert.That(await answer.Content.ReadAsByteArrayAsync().InTime(), Is.EqualTo(large));
        using (await client.GetAsync(url + "/wait", HttpCompletionOption.ResponseHeadersRead).InTime())
            Assert.That(aborted.Task.IsCompleted, Is.False);
        await aborted.Task.InTime(); // the client broke off
    }

    [Platform("Linux")]
    [Slow]
    [Test]
    public async Task Kestrel_WithoutFreeDescriptors_GoesOnAcceptingAfterwards()
    {
        await using var lab = new Loopback();
        await using var peer = await StartPeerAsync(lab);
        using var program = WebProgram.Start(lab);
        string url = await program.LineAsync("listening on");
        Assert.That(await GetAsync(), Is.EqualTo($"{peer.Address}")); // and the runtime has loaded what this needs
        DescriptorLimit.Set(program.Id, isLimited: true);
        var refused = GetAsync();
        await program.LineAsync("can't accept a connection");
        DescriptorLimit.Set(program.Id, isLimited: false);
        Assert.That(await refused, Is.EqualTo($"{peer.Address}"), "the connection waited");
        Assert.That(await GetAsync(), Is.EqualTo($"{peer.Address}"));

        async Task<string> GetAsync()
        {
            using var client = new HttpClient(new SocketsHttpHandler().UseTeredo(peer)); // a new one makes a new connection
            return await client.GetStringAsync(url).InTime();
        }
    }

    static async Task<WebApplication> StartAsync(Loopback lab, Action<WebApplicationBuilder>? configure = null,
        TeredoSockets sockets = TeredoSockets.Kernel)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddTeredo(o => (o.Servers, o.AllowPrivateAddresses, o.Sockets) = (lab.Options.Servers, true, sockets));
        builder.WebHost.UseTeredo(8080);
        configure?.Invoke(builder);
        var app = builder.Build();
        app.MapGet("/", (HttpContext context) => context.Connection.RemoteIpAddress!.ToString());
        app.MapPost("/echo", (HttpContext context) => context.Request.Body.CopyToAsync(context.Response.Body));
        await app.StartAsync().InTime();
        return app;
    }

    static async Task<TeredoNode> StartPeerAsync(Loopback lab)
    {
        try
        {
            return await TeredoNode.StartAsync(lab.KernelOptions).InTime();
        }
        catch (TeredoException e) when (e.Error == TeredoError.KernelSocketsUnavailable)
        {
            Assert.Ignore(e.Message);
            throw;
        }
    }
}
