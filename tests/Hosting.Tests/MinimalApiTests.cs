using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using TeredoSdk.AspNetCore;
using TeredoSdk.Protocol.Client;
using TeredoSdk.Tests;

namespace TeredoSdk.Hosting.Tests;

/// <summary>
/// Handlers of a minimal API that take our types as services. ASP.NET Core takes a parameter whose type has a method <c>BindAsync</c> or
/// <c>TryParse</c> for one that is read from the request, and fails each request when the method is not of the form it wants.
/// </summary>
public sealed class MinimalApiTests
{
    static readonly Type[] Types =
    [
        .. new[] { typeof(TeredoNode), typeof(TeredoOptions), typeof(TeredoClient), typeof(TeredoEndPoint) }
            .SelectMany(type => type.Assembly.GetExportedTypes())
            .Where(type => !type.IsValueType && !type.ContainsGenericParameters && !(type.IsAbstract && type.IsSealed)),
    ];

    [Test]
    public async Task Factory_IsInjected()
    {
        await using var app = await StartAsync(services => services.AddTeredo(),
            app => app.MapGet("/", (ITeredoSocketFactory sockets) => sockets.Report.State.ToString()));
        Assert.That(await GetAsync(app), Is.EqualTo(nameof(TeredoState.Stopped)));
    }

    [Test]
    public async Task Node_IsInjected()
    {
        await using var lab = new Loopback();
        await using var node = await lab.StartAsync();
        await using var app = await StartAsync(services => services.AddSingleton(node),
            app => app.MapGet("/", (TeredoNode node) => node.Address!.ToString()));
        Assert.That(await GetAsync(app), Is.EqualTo(node.Address!.ToString()));
    }

    [Test]
    public async Task DatagramSocket_IsInjected()
    {
        await using var lab = new Loopback();
        await using var node = await lab.StartAsync();
        await using var socket = await node.BindDatagramAsync(4242);
        await using var app = await StartAsync(services => services.AddSingleton(socket),
            app => app.MapGet("/", (TeredoDatagramSocket socket) => socket.TeredoEndPoint!.ToString()));
        Assert.That(await GetAsync(app), Is.EqualTo(socket.TeredoEndPoint!.ToString()));
    }

    [TestCaseSource(nameof(Types))]
    public void AnyType_CanBeAServiceThatAHandlerTakes(Type type)
    {
        using var services = new ServiceCollection().AddLogging().AddSingleton(type, _ => throw new NotSupportedException()).BuildServiceProvider();
        var handler = new Action<object>(Take).Method.GetGenericMethodDefinition().MakeGenericMethod(type);
        Assert.DoesNotThrow(() => RequestDelegateFactory.Create(handler, null, new() { ServiceProvider = services }));
    }

    static void Take<T>(T service)
    {
    }

    static async Task<string> GetAsync(WebApplication app)
    {
        using var client = new HttpClient();
        return await client.GetStringAsync(app.Urls.Single()).InTime();
    }

    static async Task<WebApplication> StartAsync(Action<IServiceCollection> add, Action<WebApplication> map)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        add(builder.Services);
        var app = builder.Build();
        map(app);
        await app.StartAsync().InTime();
        return app;
    }
}
