using System.Net.Sockets;
using TeredoSdk.Engine.PortMapping;
using TeredoSdk.Protocol;

namespace TeredoSdk.Tests.PortMapping;

/// <summary>PCP and NAT-PMP with a gateway on loopback, over real sockets.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class PcpTests : IAsyncDisposable
{
    readonly LoopbackGateway _gateway = new();

    public ValueTask DisposeAsync() => _gateway.DisposeAsync();

    Task<MappingResult> MapAsync() => _gateway.Mapper.MapAsync(_gateway.Client, _gateway.Client.Port, default).InTime();

    [Test]
    public async Task Pcp_Granted_IsTheMapping()
    {
        _gateway.Udp = request => LoopbackGateway.Pcp(request, LoopbackGateway.Public, 1);
        _gateway.Listen();
        await using var lease = (await MapAsync()).Lease!;
        Assert.That((lease.Protocol, lease.External), Is.EqualTo(("PCP", new IPv4Endpoint(LoopbackGateway.Public, _gateway.Client.Port))));
    }

    [Test]
    public async Task NatPmp_IsSpokenWithAGatewayThatSpeaksNoPcp()
    {
        _gateway.Udp = request => request[0] == 2 ? LoopbackGateway.UnsupportedVersion(request) : LoopbackGateway.NatPmp(request, LoopbackGateway.Public, 1);
        _gateway.Listen();
        var mapping = _gateway.MapperWith(TimeProvider.System).MapAsync(_gateway.Client, _gateway.Client.Port, default);
        await using var lease = (await mapping.InTime()).Lease!;
        Assert.That((lease.Protocol, lease.External), Is.EqualTo(("NAT-PMP", new IPv4Endpoint(LoopbackGateway.Public, _gateway.Client.Port))));
    }

    [TestCase(3, 0, 1)]
    [TestCase(0, 4, 2)]
    public async Task NatPmp_ThatRefusesTheAddressOrTheMapping_GivesNone(int addressResult, int mapResult, int requests)
    {
        _gateway.Udp = request =>
        {
            _gateway.Note($"{request[1]}");
            return LoopbackGateway.NatPmp(request, LoopbackGateway.Public, 1, result: (ushort)(request[1] == 0 ? addressResult : mapResult));
        };
        _gateway.Listen();
        var answer = await new NatPmpProtocol(_gateway.Path).MapAsync(new(default, _gateway.Client.Port), default).InTime();
        Assert.That(answer.Refusal, Does.StartWith("refuses: "));
        Assert.That((answer.External, answer.IsLeftBehind), Is.EqualTo((default(IPv4Endpoint), false)));
        Assert.That(_gateway.Requests, Has.Count.EqualTo(requests));
    }

    [Test]
    public async Task NatPmp_IsTriedWhenPcpIsSilent()
    {
        _gateway.Udp = request =>
        {
            _gateway.Note($"{request[0]}");
            return request[0] == 2 ? null : LoopbackGateway.NatPmp(request, LoopbackGateway.Public, 1);
        };
        _gateway.Listen();
        var mapping = _gateway.Mapper.MapAsync(_gateway.Client, _gateway.Client.Port, default);
        Assert.That(await _gateway.NextRequestAsync(), Is.EqualTo("2"));
        _gateway.Time.Advance(GatewayPath.Patience);
        await using var lease = (await mapping.InTime()).Lease!;
        Assert.That(lease.Protocol, Is.EqualTo("NAT-PMP"));
    }

    [Test]
    public async Task ForgedRefusals_DoNotKeepThePcpAnswerOut()
    {
        _gateway.Udp = request =>
        {
            byte[] forged = LoopbackGateway.Pcp(request, default, 1, result: 1);
            forged[30] ^= 1; // the nonce
            _gateway.SendUdp(forged);
            _gateway.SendUdp(LoopbackGateway.UnsupportedVersion(request));
            return LoopbackGateway.Pcp(request, LoopbackGateway.Public, 1);
        };
        _gateway.Listen();
        await using var lease = (await MapAsync()).Lease!;
        Assert.That(lease.Protocol, Is.EqualTo("PCP"));
    }

    [Test]
    public async Task RefusalWithoutTheNonce_IsNoReasonToGiveUpPcp()
    {
        _gateway.Udp = request =>
        {
            byte[] forged = LoopbackGateway.Pcp(request, default, 1, result: 1);
            forged[30] ^= 1;
            _gateway.Note($"{request[0]}");
            return forged;
        };
        _gateway.Listen();
        var mapping = new PcpProtocol(_gateway.Path).MapAsync(_gateway.Client, default);
        Assert.That((await _gateway.PassTimeAsync(mapping)).Refusal, Is.EqualTo("does not answer"));
        await _gateway.NextRequestAsync();
        await _gateway.NextRequestAsync(); // it asked again
    }

    [Test]
    public async Task GrantThatCannotBeUsed_IsRemoved()
    {
        _gateway.Udp = request =>
        {
            _gateway.Note(request[4..8].Any(octet => octet != 0) ? "map" : "remove");
            return LoopbackGateway.Pcp(request, default, 1);
        };
        _gateway.Listen();
        var mapping = _gateway.Mapper.MapAsync(_gateway.Client, _gateway.Client.Port, default);
        Assert.That(await _gateway.NextRequestAsync(), Is.EqualTo("map"));
        Assert.That(await _gateway.NextRequestAsync(), Is.EqualTo("remove"));
        var result = await _gateway.PassTimeAsync(mapping); // it looks for UPnP, too
        Assert.That(result.Lease, Is.Null);
        Assert.That(result.Problem, Does.Contain("external endpoint is 0.0.0.0"));
    }

    [Test]
    public async Task NatPmpWithoutExternalAddress_NothingIsMapped()
    {
        _gateway.Udp = request =>
        {
            _gateway.Note(request[1] == 0 ? "address" : "map");
            return LoopbackGateway.NatPmp(request, default, 1);
        };
        _gateway.Listen();
        var answer = await new NatPmpProtocol(_gateway.Path).MapAsync(_gateway.Client, default).InTime();
        Assert.That(answer.Refusal, Is.EqualTo("says that its external address is 0.0.0.0"));
        Assert.That(_gateway.Requests, Is.EqualTo(new[] { "address" }));
    }

    [Test]
    public async Task AnswersOfAnotherAddress_AreToldAndNotUsed()
    {
        var other = new IPv4Endpoint(new(_gateway.Address.Value + 2), 5351);
        using var socket = new UdpClient(other.ToIPEndPoint());
        _gateway.Udp = request =>
        {
            socket.Send(LoopbackGateway.Pcp(request, IPv4Address.Parse("198.51.100.66"), 1), _gateway.Remote);
            return LoopbackGateway.Pcp(request, default, 1, result: 8);
        };
        _gateway.Listen();
        var path = _gateway.Path;
        Assert.That((await new PcpProtocol(path).MapAsync(_gateway.Client, default).InTime()).Refusal, Is.EqualTo("refuses: no resources"));
        Assert.That(path.Silence.Refusal, Is.EqualTo($"is answered from another address, {other.Address}, and only answers of {_gateway.Address} count"));
    }

    [TestCase("224.0.0.1")]
    [TestCase("0.0.0.0")]
    public async Task ExternalAddress_ThatIsNone_IsARefusal(string address)
    {
        _gateway.Udp = request => LoopbackGateway.Pcp(request, IPv4Address.Parse(address), 1);
        _gateway.Listen();
        var answer = await new PcpProtocol(_gateway.Path).MapAsync(_gateway.Client, default).InTime();
        Assert.That(answer.Refusal, Does.Contain(address));
    }

    [Test]
    public async Task Refusals_AreNamed()
    {
        _gateway.Udp = request => request[0] == 2
            ? LoopbackGateway.Pcp(request, default, 1, result: 8) : LoopbackGateway.NatPmp(request, default, 1, result: 3);
        _gateway.Listen();
        var pcp = await new PcpProtocol(_gateway.Path).MapAsync(_gateway.Client, default).InTime();
        var natPmp = await new NatPmpProtocol(_gateway.Path).MapAsync(_gateway.Client, default).InTime();
        Assert.That((pcp.Refusal, natPmp.Refusal), Is.EqualTo(("refuses: no resources", "refuses: network failure")));
    }

    [Test]
    public async Task Silence_IsAskedFourTimesInThreeSeconds()
    {
        _gateway.Udp = _ =>
        {
            _gateway.Note("request");
            return null;
        };
        _gateway.Listen();
        var mapping = new PcpProtocol(_gateway.Path).MapAsync(_gateway.Client, default);
        foreach (int wait in new[] { 250, 500, 1000 })
        {
            await _gateway.NextRequestAsync();
            await Pass(TimeSpan.FromMilliseconds(wait), TimeSpan.FromMilliseconds(wait));
        }
        await _gateway.NextRequestAsync();
        await Pass(TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(1.25));
        Assert.That((await mapping.InTime()).Refusal, Is.EqualTo("does not answer"));
        Assert.That(_gateway.Requests, Is.Empty);
    }

    // Lets time pass once a timer of that span is armed.
    async Task Pass(TimeSpan armed, TimeSpan by)
    {
        await _gateway.UntilArmedAsync(armed, armed);
        _gateway.Time.Advance(by);
    }

    [Test]
    public async Task SilentGateway_IsNamed()
    {
        _gateway.Udp = _ => null;
        _gateway.Listen();
        var result = await _gateway.PassTimeAsync(_gateway.Mapper.MapAsync(_gateway.Client, 1, default));
        Assert.That(result.Lease, Is.Null);
        Assert.That(result.Problem, Does.Contain("PCP does not answer").And.Contain("UPnP IGD is not there").And.Contain($"{_gateway.Address}"));
    }

    [Test]
    public async Task NoDefaultRoute_IsToldAtOnce()
    {
        var result = await new GatewayPortMapper(_ => null, null, _gateway.Time, Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance)
            .MapAsync(_gateway.Client, 1, default).InTime();
        Assert.That(result.Lease, Is.Null);
        Assert.That(result.Problem, Does.Contain($"{_gateway.Client.Address} has no default route"));
    }

    [Test]
    public async Task WrongNonceAndGarbage_ArePassedOver()
    {
        bool lie = true;
        _gateway.Udp = request =>
        {
            byte[] answer = LoopbackGateway.Pcp(request, LoopbackGateway.Public, 1);
            if (!lie)
                return answer;
            lie = false;
            answer[30] ^= 1;
            _gateway.Note("lie");
            return answer;
        };
        _gateway.Listen();
        var mapping = new PcpProtocol(_gateway.Path).MapAsync(_gateway.Client, default);
        await _gateway.NextRequestAsync();
        await Pass(GatewayPath.FirstWait, GatewayPath.FirstWait); // it asks again
        Assert.That((await mapping.InTime()).External.Address, Is.EqualTo(LoopbackGateway.Public));
    }

    [TestCase(0u, 5350)]
    [TestCase(2u, 5351)]
    public async Task AnswersFromElsewhere_AreNotSeen(uint offset, int port)
    {
        var forger = new IPv4Endpoint(new(_gateway.Address.Value + offset), (ushort)port);
        using var socket = new UdpClient(forger.ToIPEndPoint());
        _gateway.Udp = request =>
        {
            socket.Send(LoopbackGateway.Pcp(request, IPv4Address.Parse("198.51.100.66"), 1), _gateway.Remote);
            return LoopbackGateway.Pcp(request, LoopbackGateway.Public, 1); // later than the forged one
        };
        _gateway.Listen();
        var answer = await new PcpProtocol(_gateway.Path).MapAsync(_gateway.Client, default).InTime();
        Assert.That(answer.External.Address, Is.EqualTo(LoopbackGateway.Public));
    }

    [Test]
    public async Task Abandoned_WhatMayHaveBeenMappedIsRemoved()
    {
        _gateway.Udp = request =>
        {
            _gateway.Note(request[4..8].Any(octet => octet != 0) ? "map" : "remove");
            return null;
        };
        _gateway.Listen();
        using var stop = new CancellationTokenSource();
        var mapping = _gateway.Mapper.MapAsync(_gateway.Client, 1, stop.Token);
        Assert.That(await _gateway.NextRequestAsync(), Is.EqualTo("map"));
        await stop.CancelAsync();
        Assert.That(await _gateway.NextRequestAsync(), Is.EqualTo("remove"));
        Assert.ThrowsAsync(Is.InstanceOf<OperationCanceledException>(), () => _gateway.PassTimeAsync(mapping));
    }
}
