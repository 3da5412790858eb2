using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using TeredoSdk.Tests;

namespace TeredoSdk.Hosting.Tests;

/// <summary>What the health check says of each state.</summary>
public sealed class HealthTests
{
    [Test]
    public async Task Health_FollowsTheNode()
    {
        await using var lab = new Loopback();
        using var app = TestApp.On(lab, ("Sockets", "InProcess"));
        app.Builder.Services.AddTeredo();
        app.Builder.Services.AddHealthChecks().AddTeredo();
        using var host = app.Builder.Build();
        await host.StartAsync().InTime();
        Assert.That((await CheckAsync(host)).Status, Is.EqualTo(HealthStatus.Degraded), "not started yet");
        var node = await host.Services.GetRequiredService<ITeredoSocketFactory>().GetNodeAsync().InTime();
        var health = await CheckAsync(host);
        Assert.That(health.Status, Is.EqualTo(HealthStatus.Healthy), health.Description);
        Assert.That(health.Data["address"], Is.EqualTo(node.Address!.ToString()));
        await host.StopAsync().InTime();
    }

    [Test]
    public async Task Health_NoServer_IsUnhealthyWithTheSentence()
    {
        using var app = new TestApp(("Servers", "teredo.invalid"), ("WaitForAddress", false));
        app.Builder.Services.AddTeredo();
        app.Builder.Services.AddHealthChecks().AddTeredo();
        using var host = app.Builder.Build();
        await host.StartAsync().InTime();
        var e = Assert.ThrowsAsync<TeredoException>(() => host.Services.GetRequiredService<ITeredoSocketFactory>().BindDatagramAsync(0).InTime())!;
        var health = await CheckAsync(host);
        Assert.That(health.Status, Is.EqualTo(HealthStatus.Unhealthy));
        Assert.That(health.Description, Is.EqualTo(e.Message));
        await host.StopAsync().InTime();
    }

    [TestCase(TeredoState.Qualified, null, HealthStatus.Healthy)]
    [TestCase(TeredoState.Dormant, null, HealthStatus.Degraded)]
    [TestCase(TeredoState.Qualifying, null, HealthStatus.Degraded)]
    [TestCase(TeredoState.Offline, "No Teredo server answered.", HealthStatus.Unhealthy)]
    [TestCase(TeredoState.Suppressed, "This machine has no IPv4 route.", HealthStatus.Unhealthy)]
    [TestCase(TeredoState.Stopped, "No Teredo server is configured.", HealthStatus.Unhealthy)]
    public async Task Health_OfAState(TeredoState state, string? problem, HealthStatus expected)
    {
        await using var lab = new Loopback();
        var finding = problem is null ? null : new TeredoException(TeredoError.NoAddress, problem).Finding;
        var report = (await lab.StartAsync()).Report with { State = state, Findings = finding is null ? [] : [finding] };
        await using var services = new ServiceCollection().AddLogging().AddSingleton<ITeredoSocketFactory>(new Reporter(report))
            .AddHealthChecks().AddTeredo().Services.BuildServiceProvider();
        var health = await CheckAsync(services.GetRequiredService<HealthCheckService>());
        Assert.That(health.Status, Is.EqualTo(expected));
        if (problem is not null)
        {
            Assert.That(health.Description, Is.EqualTo(problem));
            Assert.That(health.Data["findings"], Is.EqualTo(new[] { "error.no-address" }));
        }
    }

    static Task<HealthReportEntry> CheckAsync(IHost host) => CheckAsync(host.Services.GetRequiredService<HealthCheckService>());

    static async Task<HealthReportEntry> CheckAsync(HealthCheckService service) => (await service.CheckHealthAsync().InTime()).Entries["teredo"];

    /// <summary>Says what it was told to; opens nothing.</summary>
    sealed class Reporter(TeredoReport report) : ITeredoSocketFactory
    {
        public TeredoReport Report => report;
        public Task<TeredoNode> GetNodeAsync(CancellationToken cancellationToken = default) => throw new NotSupportedException();
        public Task<TeredoListener> ListenAsync(int port, CancellationToken cancellationToken = default) => throw new NotSupportedException();
        public Task<TeredoDatagramSocket> BindDatagramAsync(int port, CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public Task<TeredoListener> ListenAsync(TeredoListenOptions options, CancellationToken cancellationToken = default) =>
            throw new NotSupportedException();

        public Task<TeredoDatagramSocket> BindDatagramAsync(TeredoBindOptions options, CancellationToken cancellationToken = default) =>
            throw new NotSupportedException();

        public Task<TeredoConnection> ConnectAsync(IPEndPoint remoteEndPoint, CancellationToken cancellationToken = default) =>
            throw new NotSupportedException();

        public Task<TeredoConnection> ConnectAsync(string host, int port, CancellationToken cancellationToken = default) =>
            throw new NotSupportedException();
    }
}
