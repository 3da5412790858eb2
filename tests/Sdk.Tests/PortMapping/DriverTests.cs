using System.Threading.Channels;
using Microsoft.Extensions.Logging.Abstractions;
using TeredoSdk.Engine;
using TeredoSdk.Engine.PortMapping;
using TeredoSdk.Protocol;
using TeredoSdk.Protocol.Client;
using TeredoSdk.Testing;

namespace TeredoSdk.Tests.PortMapping;

/// <summary>When the driver renews the mapping, and whose answers reach the core.</summary>
public sealed class DriverTests
{
    static readonly IPv4Endpoint External = IPv4Endpoint.Parse("198.51.100.7:40123");

    [Test]
    public async Task MachineSlept_TheMappingIsRenewed()
    {
        var mapper = new FakeMapper();
        await using var lab = new Lab { PortMapper = mapper };
        lab.StartServer();
        var node = await lab.StartAsync("203.0.113.10");
        await mapper.AnswerAsync(lab.Time);
        await UntilMappedAsync(node);
        lab.Time.Advance(TimeSpan.FromSeconds(3));
        Assert.That(mapper.Protocol.Maps, Is.Zero);
        lab.Time.Sleep(TimeSpan.FromHours(1));
        _ = await node.BindDatagramAsync(0);
        await mapper.Protocol.UntilMappedAsync();
    }

    [Test]
    public async Task NetworkIsGone_TheMappingIsRemoved()
    {
        var mapper = new FakeMapper();
        await using var lab = new Lab { PortMapper = mapper };
        lab.StartServer();
        var node = await lab.StartAsync("203.0.113.10");
        await mapper.AnswerAsync(lab.Time);
        await UntilMappedAsync(node);
        lab.Machine.Move(null);
        lab.Time.Advance(TimeSpan.FromMinutes(1));
        await mapper.Protocol.UntilRemovedAsync();
    }

    [Test]
    public async Task NatHasAnotherAddress_TheMappingIsRenewed()
    {
        var internet = new SimulatedInternet(seed: 7);
        var server = internet.Server().Address;
        var nat = internet.Nat(NatKind.PortRestricted);
        var mapper = new FakeMapper();
        var options = new TeredoOptions
        {
            Servers = [$"{server.Primary},{server.Secondary}"],
            AllowPrivateAddresses = true,
            TimeProvider = internet.TimeProvider,
            Provider = TeredoProvider.Embedded,
            Sockets = TeredoSockets.InProcess,
        };
        var parts = new EngineParts(new SimulatedMachine(nat.Host("alice")), new LabRandom(0), mapper);
        var start = TeredoNode.StartAsync(options, parts, default);
        internet.RunFor(TimeSpan.FromSeconds(1));
        await using var node = await start.InTime();
        await mapper.AnswerAsync(new ManualTime()); // its own timers are not what is looked at
        await UntilMappedAsync(node);
        internet.RunFor(TimeSpan.FromSeconds(60));
        Assert.That(mapper.Protocol.Maps, Is.Zero, "the NAT's mapping is the same");
        nat.ChangeAddress();
        internet.RunFor(TimeSpan.FromSeconds(30 + 12));
        await mapper.Protocol.UntilMappedAsync();
    }

    [Test]
    public async Task AnswerOfAnEndedMapping_DoesNotReachTheCore()
    {
        var time = new ManualTime();
        var network = new MemoryNetwork();
        var machine = network.Host("203.0.113.10");
        var mapper = new FakeMapper();
        var events = new Events();
        var options = new TeredoClientOptions { Servers = [new(IPv4Address.Parse(Lab.ServerAddress))], AllowPrivateAddresses = true };
        var driver = new TeredoDriver(options, new(machine, new LabRandom(0), mapper), time, events, NullLogger.Instance);
        driver.Start();
        var first = await mapper.NextAsync();
        machine.Move("203.0.113.11");
        var second = await mapper.NextAsync();
        first.Answer(time, External);
        await mapper.Protocol.UntilRemovedAsync(); // which comes after its answer
        Assert.That(driver.PortMapping.State, Is.EqualTo(PortMappingState.Asking));
        Assert.That(events.Mapped, Is.Empty);
        second.Answer(time, External);
        await Task.Run(async () =>
        {
            while (events.Mapped.Count == 0)
                await Task.Yield();
        }).InTime();
        Assert.That(driver.PortMapping.State, Is.EqualTo(PortMappingState.Mapped));
        await driver.DisposeAsync().InTime();
    }

    [Test]
    public void NoMapper_TheAnswerComesAtOnce()
    {
        List<RequestAnswer> answers = [];
        var mapping = new ServicePortMapping(null, (isCurrent, answer) =>
        {
            if (isCurrent())
                answers.Add(answer);
        }, AddressPolicy.Lab, NullLogger.Instance);
        mapping.Begin(External, 1);
        Assert.That(answers, Is.EqualTo(new[] { RequestAnswer.NotMapped }));
        Assert.That(mapping.Status.Problem, Does.Contain("no gateway"));
    }

    [TestCase("192.168.1.2")]
    [TestCase("100.64.3.4")]
    public async Task PrivateExternalAddress_IsCalledDoubleNat(string external)
    {
        var answered = new TaskCompletionSource();
        var mapper = new FakeMapper();
        await using var mapping = new ServicePortMapping(mapper, (_, _) => answered.TrySetResult(), AddressPolicy.Strict, NullLogger.Instance);
        mapping.Begin(External, 1);
        (await mapper.NextAsync()).Answer(new ManualTime(), IPv4Endpoint.Parse($"{external}:40123"));
        await answered.Task.InTime();
        Assert.That(mapping.Status.State, Is.EqualTo(PortMappingState.BehindAnotherNat));
        Assert.That(mapping.Status.Problem, Does.Contain(external).And.Contain("double NAT"));
    }

    static Task UntilMappedAsync(TeredoNode node) => Task.Run(async () =>
    {
        while (node.Report.PortMapping != PortMappingState.Mapped)
            await Task.Yield();
    }).InTime();

    sealed class Events : IDriverClient
    {
        readonly List<IPv4Endpoint> _mapped = [];

        public List<IPv4Endpoint> Mapped
        {
            get
            {
                lock (_mapped)
                    return [.. _mapped];
            }
        }

        public void Receive(ReadOnlySpan<byte> buffer, Span<PacketRange> packets)
        {
        }

        public void Handle(ClientEvent clientEvent)
        {
            lock (_mapped)
                if (clientEvent is ClientEvent.PortMapped mapped)
                    _mapped.Add(mapped.External);
        }
    }

    sealed class FakeMapper : IPortMapper
    {
        readonly Channel<Request> _requests = Channel.CreateUnbounded<Request>();

        public FakeProtocol Protocol { get; } = new();

        /// <summary>Waits for the next request.</summary>
        public Task<Request> NextAsync() => _requests.Reader.ReadAsync().InTime();

        /// <summary>Gives the next request a mapping.</summary>
        public async Task AnswerAsync(TimeProvider time) => (await NextAsync()).Answer(time, External);

        // Takes no notice of the cancellation, like an answer that comes at the same moment.
        public Task<MappingResult> MapAsync(IPv4Endpoint local, ushort externalPort, CancellationToken cancellationToken)
        {
            var request = new Request(Protocol);
            _requests.Writer.TryWrite(request);
            return request.Result;
        }
    }

    sealed class Request(FakeProtocol protocol)
    {
        readonly TaskCompletionSource<MappingResult> _result = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<MappingResult> Result => _result.Task;

        public void Answer(TimeProvider time, IPv4Endpoint external) => _result.SetResult(new(new PortLease(protocol,
            MappingAnswer.Granted(external, 7200), (_, _) => throw new InvalidOperationException(), time, NullLogger.Instance), null));
    }

    sealed class FakeProtocol : IMappingProtocol
    {
        readonly Channel<bool> _mapped = Channel.CreateUnbounded<bool>(), _removed = Channel.CreateUnbounded<bool>();

        public string Name => "fake";

        public int Maps => _mapped.Reader.Count;

        public Task<bool> UntilMappedAsync() => _mapped.Reader.ReadAsync().InTime();

        public Task<bool> UntilRemovedAsync() => _removed.Reader.ReadAsync().InTime();

        public Task<MappingAnswer> MapAsync(IPv4Endpoint external, CancellationToken cancellationToken)
        {
            _mapped.Writer.TryWrite(true);
            return Task.FromResult(MappingAnswer.Granted(external, 7200));
        }

        public Task<bool> CheckAsync(CancellationToken cancellationToken) => Task.FromResult(true);

        public Task RemoveAsync(CancellationToken cancellationToken)
        {
            _removed.Writer.TryWrite(true);
            return Task.CompletedTask;
        }
    }
}
