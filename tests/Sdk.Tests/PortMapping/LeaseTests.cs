using System.Buffers.Binary;
using TeredoSdk.Engine.PortMapping;
using TeredoSdk.Protocol;

namespace TeredoSdk.Tests.PortMapping;

/// <summary>A mapping's life in virtual time, with a gateway on loopback that speaks PCP.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class LeaseTests : IAsyncDisposable
{
    readonly LoopbackGateway _gateway = new();
    readonly List<string> _nonces = [];
    IPv4Address _external = LoopbackGateway.Public;
    TimeSpan _bootAt;
    byte _result;
    uint _lifetime = 7200;
    bool _silent, _natPmpOnly;
    string? _lastNatPmp;

    public ValueTask DisposeAsync() => _gateway.DisposeAsync();

    [SetUp]
    public void Listen()
    {
        _gateway.Udp = Answer;
        _gateway.Listen();
    }

    byte[]? Answer(byte[] request)
    {
        if (request[0] == 0)
            return AnswerNatPmp(request);
        bool isMap = request[1] == 1;
        if (isMap)
            _nonces.Add(Convert.ToHexString(request, 24, 12));
        _gateway.Note(!isMap ? "check" : BinaryPrimitives.ReadUInt32BigEndian(request.AsSpan(4)) == 0 ? "remove" : "map");
        return _silent ? null : LoopbackGateway.Pcp(request, _external, Epoch, _lifetime, _natPmpOnly ? (byte)1 : _result);
    }

    uint Epoch => (uint)(_gateway.Time.Elapsed - _bootAt).TotalSeconds + 10;

    byte[]? AnswerNatPmp(byte[] request)
    {
        bool isAddress = request[1] == 0;
        _lastNatPmp = Convert.ToHexString(request);
        _gateway.Note(isAddress ? "NAT-PMP address" : BinaryPrimitives.ReadUInt32BigEndian(request.AsSpan(8)) == 0 ? "NAT-PMP remove" : "NAT-PMP map");
        return _silent ? null : LoopbackGateway.NatPmp(request, _external, Epoch, _lifetime, _result);
    }

    async Task<PortLease> MapAsync()
    {
        var lease = (await _gateway.Mapper.MapAsync(_gateway.Client, _gateway.Client.Port, default).InTime()).Lease!;
        Assert.That(await _gateway.NextRequestAsync(), Is.EqualTo("map"));
        return lease;
    }

    static TaskCompletionSource WatchFor(PortLease lease)
    {
        var changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lease.Changed += () => changed.TrySetResult();
        return changed;
    }

    [Test]
    public async Task Lease_IsRenewedAtHalfOfItsLifetime_WithTheSameNonce()
    {
        _lifetime = 400;
        await using var lease = await MapAsync();
        _gateway.Time.Advance(TimeSpan.FromSeconds(199.9));
        Assert.That(_gateway.Requests, Is.Empty);
        _gateway.Time.Advance(TimeSpan.FromSeconds(0.1));
        Assert.That(await _gateway.NextRequestAsync(), Is.EqualTo("map"));
        Assert.That(_nonces.Distinct().ToList(), Has.Count.EqualTo(1));
    }

    [Test]
    public async Task Gateway_IsLookedAtEveryFiveMinutes_AndAskedAgainWhenItWasRestarted()
    {
        await using var lease = await MapAsync();
        _gateway.Time.Advance(TimeSpan.FromMinutes(5));
        Assert.That(await _gateway.NextRequestAsync(), Is.EqualTo("check"));
        await _gateway.UntilArmedAsync(TimeSpan.FromMinutes(4), TimeSpan.FromMinutes(5));
        _bootAt = _gateway.Time.Elapsed + TimeSpan.FromMinutes(4);
        _gateway.Time.Advance(TimeSpan.FromMinutes(5));
        Assert.That(await _gateway.NextRequestAsync(), Is.EqualTo("check"));
        Assert.That(await _gateway.NextRequestAsync(), Is.EqualTo("map"));
    }

    [Test]
    public async Task ShortLifetime_IsNotRenewedMoreOftenThanEveryFourSeconds()
    {
        _lifetime = 1;
        await using var lease = await MapAsync();
        for (int i = 0; i < 3; i++)
        {
            await _gateway.UntilArmedAsync(TimeSpan.FromSeconds(3.9), TimeSpan.FromSeconds(4));
            _gateway.Time.Advance(TimeSpan.FromSeconds(3.9));
            Assert.That(_gateway.Requests, Is.Empty);
            _gateway.Time.Advance(TimeSpan.FromSeconds(0.1));
            Assert.That(await _gateway.NextRequestAsync(), Is.EqualTo("map"));
        }
    }

    [Test]
    public async Task GatewayThatWasRestartedAndRefuses_TheMappingIsLostAtOnce()
    {
        await using var lease = await MapAsync();
        var changed = WatchFor(lease);
        (_bootAt, _result) = (TimeSpan.FromMinutes(4), 8);
        _gateway.Time.Advance(TimeSpan.FromMinutes(5));
        Assert.That(await _gateway.NextRequestAsync(), Is.EqualTo("check"));
        Assert.That(await _gateway.NextRequestAsync(), Is.EqualTo("map"));
        await _gateway.PassTimeAsync(changed.Task); // it looks for UPnP, too
        Assert.That(lease.External, Is.Null);
        Assert.That(_gateway.Time.Elapsed, Is.LessThan(TimeSpan.FromMinutes(10)), "the lease would have lasted two hours");
    }

    [Test]
    public async Task GatewayThatSpeaksOnlyNatPmpNow_TheFormerMappingIsEnded_AndPcpIsNotAskedAgain()
    {
        await using var lease = await MapAsync();
        var changed = WatchFor(lease);
        (_natPmpOnly, _external) = (true, IPv4Address.Parse("198.51.100.99"));
        lease.Renew();
        await changed.Task.InTime();
        Assert.That((lease.Protocol, lease.External?.Address), Is.EqualTo(("NAT-PMP", (IPv4Address?)_external)));
        var requests = _gateway.Requests;
        Assert.That(requests, Does.Contain("remove"), "the mapping that PCP gave");
        Assert.That(requests.LastIndexOf("NAT-PMP map"), Is.GreaterThan(requests.LastIndexOf("remove")), "it may have removed both");
        changed = WatchFor(lease);
        _external = LoopbackGateway.Public;
        lease.Renew();
        await changed.Task.InTime();
        Assert.That(_gateway.Requests, Is.EqualTo(new[] { "NAT-PMP address", "NAT-PMP map" }));
    }

    [Test]
    public async Task NatPmpGatewayThatWasRestarted_IsAskedAgain()
    {
        _natPmpOnly = true;
        await using var lease = (await _gateway.Mapper.MapAsync(_gateway.Client, _gateway.Client.Port, default).InTime()).Lease!;
        await _gateway.UntilArmedAsync(TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(5));
        _ = _gateway.Requests;
        _bootAt = _gateway.Time.Elapsed + TimeSpan.FromMinutes(4);
        _gateway.Time.Advance(TimeSpan.FromMinutes(5));
        foreach (string request in new[] { "NAT-PMP address", "NAT-PMP address", "NAT-PMP map" })
            Assert.That(await _gateway.NextRequestAsync(), Is.EqualTo(request));
    }

    [Test]
    public async Task Renew_AsksAtOnce_AndTellsOfAnotherEndpoint()
    {
        await using var lease = await MapAsync();
        var changed = WatchFor(lease);
        _external = IPv4Address.Parse("198.51.100.99");
        lease.Renew();
        await changed.Task.InTime();
        Assert.That(lease.External, Is.EqualTo(new IPv4Endpoint(_external, _gateway.Client.Port)));
    }

    [Test]
    public async Task RenewalRefused_IsTriedAgainUntilTheLeaseEnds_AndThenLost_AndComesBack()
    {
        _lifetime = 60;
        await using var lease = await MapAsync();
        var changed = WatchFor(lease);
        _result = 8;
        await _gateway.PassTimeAsync(changed.Task);
        Assert.That(_gateway.Time.Elapsed, Is.GreaterThanOrEqualTo(TimeSpan.FromSeconds(60)));
        Assert.That(lease.External, Is.Null);
        Assert.That(lease.Problem, Does.Contain($"{_gateway.Address}"));
        changed = WatchFor(lease);
        _result = 0;
        lease.Renew();
        await _gateway.PassTimeAsync(changed.Task);
        Assert.That((lease.External?.Address, lease.Problem), Is.EqualTo(((IPv4Address?)LoopbackGateway.Public, (string?)null)));
    }

    [Test]
    public async Task Dispose_RemovesTheMapping()
    {
        var lease = await MapAsync();
        await lease.DisposeAsync().InTime();
        await lease.DisposeAsync().InTime();
        Assert.That(_gateway.Requests, Is.EqualTo(new[] { "remove" }));
        await _gateway.Time.WhenNoTimerIsArmed().InTime();
    }

    // RFC 6886 §3.4: a lifetime of 0, and 0 for the external port.
    [Test]
    public async Task Dispose_RemovesTheMappingOfNatPmp()
    {
        _natPmpOnly = true;
        var lease = (await _gateway.Mapper.MapAsync(_gateway.Client, _gateway.Client.Port, default).InTime()).Lease!;
        await lease.DisposeAsync().InTime();
        Assert.That(_lastNatPmp, Is.EqualTo($"00010000{_gateway.Client.Port:X4}000000000000"));
    }

    [Test]
    public async Task Dispose_WithASilentGateway_TakesAboutASecond()
    {
        var lease = await MapAsync();
        _silent = true;
        var disposing = lease.DisposeAsync().AsTask();
        await _gateway.UntilArmedAsync(TimeSpan.FromSeconds(0.7), TimeSpan.FromSeconds(1));
        _gateway.Time.Advance(TimeSpan.FromSeconds(0.7));
        Assert.That(disposing.IsCompleted, Is.False);
        _gateway.Time.Advance(TimeSpan.FromSeconds(0.3));
        await disposing.InTime();
    }
}
