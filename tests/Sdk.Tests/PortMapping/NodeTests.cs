using System.Buffers.Binary;
using System.Net;

namespace TeredoSdk.Tests.PortMapping;

/// <summary>A node with a gateway: the network is in memory, the gateway on loopback.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class NodeTests : IAsyncDisposable
{
    readonly LoopbackGateway _gateway = new();

    public ValueTask DisposeAsync() => _gateway.DisposeAsync();

    // What comes of a change: the state before it may be told a moment longer, because the gateway's answer is handled by another thread.
    static Task UntilAsync(TeredoNode node, PortMappingState state) => Task.Run(async () =>
    {
        while (node.Report.PortMapping != state)
            await Task.Delay(1);
    }).InTime(() => $"The mapping is {node.Report.PortMapping}, not {state}: {node.Report.PortMappingProblem}");

    [Test]
    public async Task Node_ReportsTheMapping_AndRemovesItAtTheEnd()
    {
        _gateway.Udp = request =>
        {
            _gateway.Note($"{BinaryPrimitives.ReadUInt32BigEndian(request.AsSpan(4))}");
            return LoopbackGateway.Pcp(request, LoopbackGateway.Public, 1);
        };
        _gateway.Listen();
        await using var lab = new Lab();
        lab.StartServer();
        lab.PortMapper = _gateway.MapperWith(lab.Time);
        var node = await lab.StartAsync($"{_gateway.Client.Address}");
        await UntilAsync(node, PortMappingState.Mapped);
        var report = node.Report;
        Assert.That((report.PortMapping, report.PortMappingProtocol), Is.EqualTo((PortMappingState.Mapped, "PCP")));
        Assert.That(report.PortMappingProblem, Is.Null);
        Assert.That(report.PortMappingEndPoint, Is.EqualTo(new IPEndPoint(LoopbackGateway.Public.ToIPAddress(), report.LocalEndPoint!.Port)));
        await node.DisposeAsync().InTime();
        Assert.That(_gateway.Requests, Is.EqualTo(new[] { "7200", "0" }));
        Assert.That(node.Report.PortMapping, Is.EqualTo(PortMappingState.NotAsked));
    }

    [Test]
    public async Task SilentGateway_DoesNotHoldUpQualification()
    {
        _gateway.Udp = _ => null;
        _gateway.Listen();
        await using var lab = new Lab();
        lab.StartServer();
        lab.PortMapper = _gateway.Mapper;
        var node = await lab.StartAsync($"{_gateway.Client.Address}");
        Assert.That((node.Report.State, node.Report.PortMapping), Is.EqualTo((TeredoState.Qualified, PortMappingState.Asking)));
        await _gateway.PassTimeAsync(UntilAsync(node, PortMappingState.NotMapped));
        Assert.That(node.Report.PortMapping, Is.EqualTo(PortMappingState.NotMapped));
        Assert.That(node.Report.PortMappingProblem, Does.Contain("does not answer"));
    }

    [Test]
    public async Task PortMappingOff_IsNotAsked()
    {
        await using var lab = new Lab();
        lab.StartServer();
        lab.PortMapper = _gateway.Mapper;
        var node = await lab.StartAsync($"{_gateway.Client.Address}", options => options.PortMapping = false);
        Assert.That((node.Report.PortMapping, node.Report.PortMappingProblem), Is.EqualTo((PortMappingState.NotAsked, (string?)null)));
    }

    [Test]
    public async Task NetworkWithoutGateways_IsTold()
    {
        await using var lab = new Lab();
        lab.StartServer();
        var node = await lab.StartAsync("203.0.113.10", options => options.PortMapping = true);
        await UntilAsync(node, PortMappingState.NotMapped);
        Assert.That(node.Report.PortMapping, Is.EqualTo(PortMappingState.NotMapped));
        Assert.That(node.Report.PortMappingProblem, Does.Contain("no gateway"));
    }

    [Test]
    public async Task MovedMachine_LosesTheMappingAndAsksForAnother()
    {
        _gateway.Udp = request =>
        {
            _gateway.Note($"{BinaryPrimitives.ReadUInt32BigEndian(request.AsSpan(4))}");
            return LoopbackGateway.Pcp(request, LoopbackGateway.Public, 1);
        };
        _gateway.Listen();
        await using var lab = new Lab();
        lab.StartServer();
        lab.PortMapper = _gateway.MapperWith(lab.Time);
        var node = await lab.StartAsync($"{_gateway.Client.Address}");
        await UntilAsync(node, PortMappingState.Mapped);
        lab.Machine.Move("203.0.113.10"); // where there is no gateway
        await UntilAsync(node, PortMappingState.NotMapped);
        Assert.That(node.Report.PortMapping, Is.EqualTo(PortMappingState.NotMapped));
        Assert.That(await _gateway.NextRequestAsync(), Is.EqualTo("7200"));
        Assert.That(await _gateway.NextRequestAsync(), Is.EqualTo("0"));
    }
}
