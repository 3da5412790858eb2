using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using TeredoSdk.AspNetCore;
using TeredoSdk.Tests;

namespace TeredoSdk.Hosting.Tests;

/// <summary>How an application starts: with a server that is silent at first, and with endpoints of its configuration.</summary>
public sealed class KestrelStartTests
{
    [Test]
    public async Task SilentServer_ApplicationStarts_AndListensWhenTheServerAnswers()
    {
        await using var lab = new Loopback();
        using var log = new LogRecorder();
        await using var app = Build(new() { ["Teredo:Servers"] = $"{lab.Silent}", ["Teredo:QualificationTimeout"] = "00:00:01" },
            builder => builder.WebHost.UseTeredo(8080), log);
        await app.StartAsync().InTime();
        Assert.That(app.Urls, Is.EqualTo(new[] { "http://teredo:8080" }), "the address is not known yet");
        var health = await app.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync().InTime();
        Assert.That(health.Status, Is.EqualTo(HealthStatus.Unhealthy));
        Assert.That(health.Entries["teredo"].Description, Does.Contain("There was no Teredo address within 1 s"));
        Assert.That(health.Entries["teredo"].Data, Does.ContainKey("retryAt"));
        var sockets = app.Services.GetRequiredService<ITeredoSocketFactory>();
        Assert.That(sockets.Report.Findings.Select(finding => finding.Id), Does.Contain(FindingIds.NodeStarting));

        await using var server = await TeredoServerHost.StartAsync(new()
        {
            Address = lab.Silent,
            SecondaryAddress = new([.. lab.Silent.GetAddressBytes()[..3], (byte)(lab.Silent.GetAddressBytes()[3] + 1)]),
            AllowPrivateAddresses = true,
        }).InTime();
        var options = lab.Options;
        options.Servers = [$"{lab.Silent}"];
        using var client = new HttpClient(new SocketsHttpHandler().UseTeredo(await lab.StartAsync(options)));
        var node = await sockets.GetNodeAsync().InTime();
        Assert.That(await client.GetStringAsync($"http://[{node.Address}]:8080/").InTime(), Is.EqualTo("hello"));
        Assert.That(log.Of("TeredoSdk.AspNetCore.TeredoEndPoint").Last(), Is.EqualTo($"Now listening at the Teredo address: [{node.Address}]:8080"));
        await app.StopAsync().InTime();
    }

    [Test]
    public async Task SilentServer_ApplicationThatNeverListened_Stops()
    {
        await using var lab = new Loopback();
        await using var app = Build(new() { ["Teredo:Servers"] = $"{lab.Silent}" },
            builder => builder.WebHost.UseTeredo(8080));
        await app.StartAsync().InTime();
        await app.StopAsync().InTime();
        Assert.That(app.Services.GetRequiredService<ITeredoSocketFactory>().Report.State, Is.EqualTo(TeredoState.Stopped));
    }

    [TestCase("WaitForAddress", "false")]
    [TestCase("StartWithHost", "true")]
    public async Task SilentServer_IfItIsAskedFor_ApplicationDoesNotStart(string option, string value)
    {
        await using var lab = new Loopback();
        await using var app = Build(new()
        {
            ["Teredo:Servers"] = $"{lab.Silent}",
            ["Teredo:QualificationTimeout"] = "00:00:01",
            [$"Teredo:{option}"] = value,
        }, builder => builder.WebHost.UseTeredo(8080));
        Assert.That(Assert.ThrowsAsync<TeredoException>(() => app.StartAsync().InTime())!.Error, Is.EqualTo(TeredoError.QualificationTimeout));
    }

    [Test]
    public async Task PortThatIsTaken_IsToldAtTheStart()
    {
        await using var lab = new Loopback();
        await using var app = Build(new() { ["Teredo:Servers"] = lab.Options.Servers.Single() }, builder =>
        {
            builder.WebHost.UseTeredo(8080);
            builder.WebHost.ConfigureKestrel(kestrel => kestrel.ListenTeredo(8080));
        });
        Assert.ThrowsAsync<TeredoException>(() => app.StartAsync().InTime());
    }

    [Test]
    public async Task Endpoints_OfTheConfiguration_MayBeTeredoPorts()
    {
        await using var lab = new Loopback();
        await using var app = Build(new()
        {
            ["Teredo:Servers"] = lab.Options.Servers.Single(),
            ["Kestrel:Endpoints:Peers:Url"] = "http://teredo:8081",
            ["Kestrel:Endpoints:Peers:Protocols"] = "Http2",
            ["Kestrel:Endpoints:Here:Url"] = "http://127.0.0.1:0",
        }, builder => builder.Services.AddTeredoKestrel());
        await app.StartAsync().InTime();
        var node = await app.Services.GetRequiredService<ITeredoSocketFactory>().GetNodeAsync().InTime();
        Assert.That(app.Urls, Has.Count.EqualTo(2).And.Contain($"http://[{node.Address}]:8081"));
        using var client = new HttpClient(new SocketsHttpHandler().UseTeredo(await lab.StartAsync()))
        {
            DefaultRequestVersion = HttpVersion.Version20,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        Assert.That(await client.GetStringAsync($"http://[{node.Address}]:8081/").InTime(), Is.EqualTo("hello"), "with the protocol that the section names");
        using var ordinary = new HttpClient();
        Assert.That(await ordinary.GetStringAsync(app.Urls.Single(url => url.Contains("127.0.0.1", StringComparison.Ordinal))).InTime(), Is.EqualTo("hello"));
    }

    [Test]
    public void Endpoints_OfAConfigurationThatCameLater_AreRefused_BeforeTheyOpenTheWholeMachine()
    {
        var refusal = Assert.Throws<OptionsValidationException>(() => Build([], builder =>
        {
            builder.Services.AddTeredoKestrel();
            var late = new ConfigurationBuilder().AddInMemoryCollection([new("Endpoints:Peers:Url", "http://teredo:8081")]).Build();
            builder.WebHost.ConfigureKestrel(kestrel => kestrel.Configure(late));
        }))!;
        Assert.That(refusal.Message, Does.Contain("Expected UseTeredo or AddTeredoKestrel after"));
    }

    static WebApplication Build(Dictionary<string, string?> settings, Action<WebApplicationBuilder> configure, LogRecorder? log = null)
    {
        settings.TryAdd("Teredo:AllowPrivateAddresses", "true");
        settings.TryAdd("Teredo:Sockets", "InProcess");
        settings.TryAdd("Teredo:Provider", "Embedded");
        var builder = WebApplication.CreateSlimBuilder();
        builder.Configuration.AddInMemoryCollection(settings);
        builder.Logging.ClearProviders();
        if (log is not null)
            builder.Logging.AddProvider(log);
        builder.Services.AddHealthChecks().AddTeredo();
        configure(builder);
        var app = builder.Build();
        app.MapGet("/", () => "hello");
        return app;
    }
}
