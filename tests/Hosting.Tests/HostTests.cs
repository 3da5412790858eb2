using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using TeredoSdk.Tests;

namespace TeredoSdk.Hosting.Tests;

/// <summary>A generic-host application with its options in appsettings.json.</summary>
[NonParallelizable] // the meter is the process's
public sealed class HostTests
{
    [Test]
    public async Task Application_OfAppSettings_IsInjectedLogsCountsAndStopsCleanly()
    {
        await using var lab = new Loopback();
        using var meter = new MeterRecorder();
        using var app = TestApp.On(lab, ("Sockets", "InProcess"));
        app.Builder.Services.AddTeredo();
        app.Builder.Services.AddSingleton<Echo>().AddHostedService(services => services.GetRequiredService<Echo>());
        var host = app.Builder.Build();
        await host.StartAsync().InTime();
        var echo = host.Services.GetRequiredService<Echo>();
        var endPoint = await echo.EndPoint.InTime();
        var factory = host.Services.GetRequiredService<ITeredoSocketFactory>();
        var local = factory.Report.LocalEndPoint!;

        var node = await lab.StartAsync();
        await using var caller = await node.BindDatagramAsync(0);
        await caller.SendToAsync("hello"u8.ToArray(), endPoint);
        Assert.That((await caller.ReceiveAsync().InTime()).Buffer, Is.EqualTo("hello"u8.ToArray()));

        Assert.That(app.Log.Of("TeredoSdk.TeredoNode"), Has.One.StartsWith($"Qualified: {endPoint.Address}"));
        Assert.That(meter["teredo.client.qualification.duration"], Is.EqualTo(2), "ours and the caller's");
        Assert.That(meter["teredo.client.sockets.open datagram"], Is.EqualTo(2));
        Assert.That(meter["teredo.client.bubbles.sent direct"], Is.GreaterThan(0));

        await host.StopAsync().InTime();
        Assert.That(echo.Goodbye, Is.EqualTo(TeredoState.Qualified), "services stop before the node");
        Assert.That(meter["teredo.client.sockets.open datagram"], Is.EqualTo(1), "the caller's");
        Assert.That(factory.Report.State, Is.EqualTo(TeredoState.Stopped));
        using (var again = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp))
            Assert.DoesNotThrow(() => again.Bind(local), "the node's port is free again");
        Assert.ThrowsAsync<ObjectDisposedException>(() => factory.BindDatagramAsync(0).InTime());
        host.Dispose();
    }

    [Test]
    public async Task Sockets_ShareOneNode_ThatOutlivesThem()
    {
        await using var lab = new Loopback();
        using var app = TestApp.On(lab, ("Sockets", "InProcess"));
        app.Builder.Services.AddTeredo();
        using var host = app.Builder.Build();
        await host.StartAsync().InTime();
        var factory = host.Services.GetRequiredService<ITeredoSocketFactory>();
        Assert.That(factory.Report.State, Is.EqualTo(TeredoState.Stopped), "nothing needed it yet");
        var opened = await Task.WhenAll(factory.BindDatagramAsync(0), factory.BindDatagramAsync(4242)).InTime();
        var node = await factory.GetNodeAsync().InTime();
        Assert.That(opened.Select(socket => socket.TeredoEndPoint!.Address), Has.All.EqualTo(node.Address));
        foreach (var socket in opened)
            await socket.DisposeAsync().InTime();
        Assert.That(factory.Report.State, Is.EqualTo(TeredoState.Qualified));
        Assert.That(await factory.GetNodeAsync().InTime(), Is.SameAs(node));
        await host.StopAsync().InTime();
    }

    [Test]
    public async Task OptionsOfASocket_AreCopied_BeforeTheNodeStarts()
    {
        await using var lab = new Loopback();
        using var app = TestApp.On(lab, ("Sockets", "InProcess"));
        app.Builder.Services.AddTeredo();
        using var host = app.Builder.Build();
        await host.StartAsync().InTime();
        var (bind, other) = (new TeredoBindOptions { Port = 4242 }, new TeredoBindOptions { Port = 4242 });
        var opening = host.Services.GetRequiredService<ITeredoSocketFactory>().BindDatagramAsync(bind);
        var openingByItself = TeredoSocket.BindDatagramAsync(other, lab.Options);
        (bind.Port, other.Port) = (4243, 4243);
        await using var socket = await opening.InTime();
        await using var byItself = await openingByItself.InTime();
        Assert.That((socket.LocalEndPoint.Port, byItself.LocalEndPoint.Port), Is.EqualTo((4242, 4242)));
        await host.StopAsync().InTime();
    }

    [Test]
    public async Task StartWithHost_HasAnAddressWhenTheHostHasStarted()
    {
        await using var lab = new Loopback();
        using var app = TestApp.On(lab, ("Sockets", "InProcess"), ("StartWithHost", true));
        app.Builder.Services.AddTeredo();
        using var host = app.Builder.Build();
        await host.StartAsync().InTime();
        Assert.That(host.Services.GetRequiredService<ITeredoSocketFactory>().Report.State, Is.EqualTo(TeredoState.Qualified));
        await host.StopAsync().InTime();
    }

    [Test]
    public async Task StartWithHost_NoServerAnswers_HostDoesNotStartAndSaysWhy()
    {
        await using var lab = new Loopback();
        using var app = new TestApp(("Servers", lab.Silent.ToString()), ("AllowPrivateAddresses", true),
            ("QualificationTimeout", "00:00:01"), ("StartWithHost", true));
        app.Builder.Services.AddTeredo();
        using var host = app.Builder.Build();
        var e = Assert.ThrowsAsync<TeredoException>(() => host.StartAsync().InTime())!;
        Assert.That(e.Error, Is.EqualTo(TeredoError.QualificationTimeout));
        Assert.That(host.Services.GetRequiredService<ITeredoSocketFactory>().Report.Problem, Is.EqualTo(e.Message));
    }

    [Test]
    public async Task Stop_WhileTheNodeStarts_EndsTheStart()
    {
        await using var lab = new Loopback();
        using var server = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        server.Bind(new IPEndPoint(lab.Silent, 3544)); // silent, and tells when it was asked
        using var app = new TestApp(("Servers", lab.Silent.ToString()), ("AllowPrivateAddresses", true));
        app.Builder.Services.AddTeredo();
        using var host = app.Builder.Build();
        await host.StartAsync().InTime();
        var factory = host.Services.GetRequiredService<ITeredoSocketFactory>();
        var start = factory.BindDatagramAsync(0);
        await server.ReceiveFromAsync(new byte[1500], new IPEndPoint(IPAddress.Any, 0)).InTime();
        Assert.That(factory.Report.State, Is.EqualTo(TeredoState.Qualifying));
        Assert.That(factory.Report.Findings.Single().Id, Is.EqualTo(FindingIds.NodeStarting));
        await host.StopAsync().InTime();
        Assert.ThrowsAsync<ObjectDisposedException>(() => start.InTime());
        Assert.That(factory.Report.State, Is.EqualTo(TeredoState.Stopped));
        Assert.That(factory.Report.Findings, Is.Empty);
    }

    [Test]
    public async Task Container_GivesClockAndLoggers_UnlessTheOptionsDo()
    {
        var clock = new OtherClock();
        await using var services = new ServiceCollection().AddLogging().AddSingleton<TimeProvider>(clock).AddTeredo().BuildServiceProvider();
        var options = services.GetRequiredService<IOptions<TeredoOptions>>().Value;
        Assert.That(options.TimeProvider, Is.SameAs(clock));
        Assert.That(options.LoggerFactory, Is.SameAs(services.GetRequiredService<Microsoft.Extensions.Logging.ILoggerFactory>()));
        var own = new OtherClock();
        await using var others = new ServiceCollection().AddSingleton<TimeProvider>(clock)
            .AddTeredo(o => o.TimeProvider = own).BuildServiceProvider();
        Assert.That(others.GetRequiredService<IOptions<TeredoOptions>>().Value.TimeProvider, Is.SameAs(own));
    }

    sealed class OtherClock : TimeProvider;

    /// <summary>Sends back what it gets, until the host stops.</summary>
    sealed class Echo(ITeredoSocketFactory sockets) : BackgroundService
    {
        readonly TaskCompletionSource<IPEndPoint> _endPoint = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<IPEndPoint> EndPoint => _endPoint.Task;

        public TeredoState? Goodbye { get; private set; }

        public override async Task StopAsync(CancellationToken cancellationToken)
        {
            Goodbye = sockets.Report.State;
            await base.StopAsync(cancellationToken);
        }

        protected override async Task ExecuteAsync(CancellationToken stoppingToken)
        {
            var socket = await sockets.BindDatagramAsync(4242, stoppingToken); // left open: the host closes it
            _endPoint.SetResult(socket.TeredoEndPoint!);
            while (true)
            {
                var received = await socket.ReceiveAsync(stoppingToken);
                await socket.SendToAsync(received.Buffer, received.RemoteEndPoint, stoppingToken);
            }
        }
    }
}
