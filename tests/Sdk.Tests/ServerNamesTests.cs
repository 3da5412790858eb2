using System.Net;
using System.Net.Sockets;
using TeredoSdk.Machine;
using TeredoSdk.Protocol;
using TeredoSdk.Protocol.Client;
using TeredoSdk.Telemetry;

namespace TeredoSdk.Tests;

/// <summary>Whom a node asks for the addresses of its servers, and when again.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class ServerNamesTests : IDisposable
{
    static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    readonly ManualTime _time = new();
    readonly Recorder _log = new();
    readonly Names _network = new();

    public void Dispose() => _log.Dispose();

    Task<IReadOnlyList<TeredoServerAddress>> AwaitAsync(bool waits = true, CancellationToken cancellationToken = default) => ServerNames.AwaitAsync(
        new() { Servers = ["one.lab"], WaitForNetwork = waits, TimeProvider = _time, AllowPrivateAddresses = true }, _network, _log, cancellationToken);

    // SocketError.TryAgain: no name server answers.
    [TestCase(SocketError.TryAgain, true), TestCase(SocketError.HostNotFound, false)]
    public async Task NameServerThatIsSilent_IsAskedAgainEachFiveSeconds_AndToldOnce(SocketError error, bool hasIPv4)
    {
        (_network.Error, _network.HasIPv4) = (error, hasIPv4);
        var asking = AwaitAsync();
        for (int asked = 1; asked < 4; asked++)
        {
            Assert.That(() => _time.IsArmedWithin(Interval, Interval), Is.True.After((int)Patience.Limit.TotalMilliseconds, 1)); // it waits on another thread
            Assert.That(_network.Asked, Is.EqualTo(asked));
            _time.Advance(Interval);
            Assert.That(() => _network.Asked, Is.EqualTo(asked + 1).After((int)Patience.Limit.TotalMilliseconds, 1));
        }
        Assert.That(_log.Of(EventIds.WaitingForNetwork), Has.Exactly(1).Items);
        _network.Addresses = [IPAddress.Parse("192.0.2.5")];
        _network.Tell();
        Assert.That(await asking.InTime(), Is.EqualTo(new[] { new TeredoServerAddress(IPv4Address.Parse("192.0.2.5")) }));
        Assert.That(_network.IsWatched, Is.False);
    }

    [TestCase(SocketError.TryAgain, true, false), TestCase(SocketError.HostNotFound, true, true)]
    public void NameThatDoesNotResolve_Fails_UnlessItIsForNow(SocketError error, bool hasIPv4, bool waits)
    {
        (_network.Error, _network.HasIPv4) = (error, hasIPv4);
        var e = Assert.ThrowsAsync<TeredoException>(() => AwaitAsync(waits).InTime())!;
        Assert.That(e.Error, Is.EqualTo(TeredoError.ServerNotResolved));
        Assert.That(e.Message, Does.Contain("one.lab").And.Contain("DNS"));
        Assert.That((e.InnerException as SocketException)?.SocketErrorCode, Is.EqualTo(error));
        Assert.That(_log.Of(EventIds.WaitingForNetwork), Is.Empty);
        Assert.That(_network.IsWatched, Is.False);
    }

    [Test]
    public async Task Wait_IsCancelled()
    {
        _network.Error = SocketError.TryAgain;
        using var cancellation = new CancellationTokenSource();
        var asking = AwaitAsync(cancellationToken: cancellation.Token);
        await cancellation.CancelAsync();
        Assert.That(async () => await asking.InTime(), Throws.InstanceOf<OperationCanceledException>());
        Assert.That(_network.IsWatched, Is.False);
    }

    [Test]
    public void NameWithoutAddresses_IsNotFound()
    {
        _network.Addresses = [];
        var e = Assert.ThrowsAsync<SocketException>(() => ServerNames.ResolveAsync(new("one.lab", null), _network, default).InTime())!;
        Assert.That(e.SocketErrorCode, Is.EqualTo(SocketError.HostNotFound));
    }

    [TestCase("one.lab", "192.0.2.7", "192.0.2.5,192.0.2.7", 1)]
    [TestCase("192.0.2.1", "two.lab", "192.0.2.1,192.0.2.5", 1)]
    [TestCase("one.lab", null, "192.0.2.5", 1)]
    public async Task Literal_IsAskedOfNobody(string primary, string? secondary, string expected, int asked)
    {
        _network.Addresses = [IPAddress.Parse("192.0.2.5"), IPAddress.Parse("192.0.2.6")];
        var server = await ServerNames.ResolveAsync(new(primary, secondary), _network, default).InTime();
        string[] parts = expected.Split(',');
        Assert.That(server, Is.EqualTo(parts.Length == 1 ? new TeredoServerAddress(IPv4Address.Parse(parts[0]))
            : new TeredoServerAddress(IPv4Address.Parse(parts[0]), IPv4Address.Parse(parts[1]))));
        Assert.That(_network.Asked, Is.EqualTo(asked));
    }

    [Test]
    public async Task ServerThatDoesNotResolve_IsPassedOver_AndTold()
    {
        _network.Error = SocketError.HostNotFound;
        var servers = await ServerNames.FindAndResolveAsync(new() { Servers = ["one.lab", "192.0.2.9"], AllowPrivateAddresses = true }, _network, _log, default).InTime();
        Assert.That(servers, Is.EqualTo(new[] { new TeredoServerAddress(IPv4Address.Parse("192.0.2.9")) }));
        Assert.That(_log.Of(EventIds.ServerNotResolved), Has.Exactly(1).Items.And.All.Contains("one.lab"));
    }

    sealed class Names : IHostNetwork
    {
        public event Action? Changed;

        public bool IsWatched => Changed is not null;
        public bool HasIPv4 { get; set; } = true;
        public int Asked { get; private set; }
        public IPAddress[]? Addresses { get; set; }
        public SocketError Error { get; set; }

        public void Tell() => Changed?.Invoke();

        public NetworkState Describe(IPv4Address server) => new() { HasIPv4 = HasIPv4 };

        public Task<IPAddress[]> ResolveAsync(string host, CancellationToken cancellationToken)
        {
            Asked++;
            return Addresses is { } found ? Task.FromResult(found) : Task.FromException<IPAddress[]>(new SocketException((int)Error));
        }

        public IUdpTransport Open(IPv4Endpoint local, DatagramHandler handler) => throw new NotSupportedException("Nothing is sent.");
    }
}
