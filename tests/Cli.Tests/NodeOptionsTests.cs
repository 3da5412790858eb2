using System.CommandLine;
using System.Net;
using Microsoft.Extensions.Logging.Abstractions;

namespace TeredoSdk.Cli.Tests;

/// <summary>What is said on the command line gets to the SDK's options, and which address of a name is taken.</summary>
public sealed class NodeOptionsTests
{
    static readonly IPAddress Teredo = IPAddress.Parse("2001:0:cb00:7178:0:efff:3fff:fdfe"), Native = IPAddress.Parse("2001:db8::1");

    [Test]
    public void Options_AreThoseThatAreSaid()
    {
        var options = Read("-s 192.0.2.1,192.0.2.2 -s teredo.example --provider embedded --sockets in-process --native-ipv6 instead --refresh 20"
            + " --timeout 7.5 --client-port 4000 --gateway 192.168.1.1 --require-secondary --capture x.pcap --allow-private");
        Assert.Multiple(() =>
        {
            Assert.That(options.Servers, Is.EqualTo(new[] { "192.0.2.1,192.0.2.2", "teredo.example" }));
            Assert.That(options.Provider, Is.EqualTo(TeredoProvider.Embedded));
            Assert.That(options.Sockets, Is.EqualTo(TeredoSockets.InProcess));
            Assert.That(options.NativeIPv6, Is.EqualTo(NativeIPv6Mode.Instead));
            Assert.That(options.RefreshInterval, Is.EqualTo(TimeSpan.FromSeconds(20)));
            Assert.That(options.QualificationTimeout, Is.EqualTo(TimeSpan.FromSeconds(7.5)));
            Assert.That(options.ClientPort, Is.EqualTo(4000));
            Assert.That(options.PortMappingGateway, Is.EqualTo(IPAddress.Parse("192.168.1.1")));
            Assert.That(options.RequireSecondary);
            Assert.That(options.CaptureFile, Is.EqualTo("x.pcap"));
            Assert.That(options.AllowPrivateAddresses);
        });
    }

    [Test]
    public void Options_ThatAreNotSaid_AreTheSdksDefaults()
    {
        var (options, defaults) = (Read(""), new TeredoOptions());
        Assert.Multiple(() =>
        {
            Assert.That(options.Servers, Is.Empty);
            Assert.That(options.Provider, Is.EqualTo(defaults.Provider));
            Assert.That(options.Sockets, Is.EqualTo(defaults.Sockets));
            Assert.That(options.NativeIPv6, Is.EqualTo(defaults.NativeIPv6));
            Assert.That(options.RefreshInterval, Is.EqualTo(defaults.RefreshInterval));
            Assert.That(options.QualificationTimeout, Is.EqualTo(defaults.QualificationTimeout));
            Assert.That(options.ClientPort, Is.EqualTo(defaults.ClientPort));
            Assert.That(options.PortMappingGateway, Is.Null);
            Assert.That(options.RequireSecondary, Is.EqualTo(defaults.RequireSecondary));
            Assert.That(options.CaptureFile, Is.Null);
            Assert.That(options.AllowPrivateAddresses, Is.False);
        });
    }

    [TestCase("", 20)]
    [TestCase("--connect-timeout 0", 0)]
    [TestCase("--connect-timeout 2.5", 2.5)]
    public void AttemptToConnect_HasTheLimitThatIsSaid(string line, double seconds) =>
        Assert.That(Read(line, node => node.AddConnectTo).ConnectTimeout, Is.EqualTo(TimeSpan.FromSeconds(seconds)));

    [TestCase("", true)]
    [TestCase("--no-wait", false)]
    public void CommandThatIsStartedAtBoot_WaitsForANetwork_UnlessItIsSaid(string line, bool waits)
    {
        Assert.That(Read(line, node => node.AddWaitTo).WaitForNetwork, Is.EqualTo(waits));
        Assert.That(Read("").WaitForNetwork, Is.False, "other commands do not wait");
    }

    [TestCase(true)]
    [TestCase(false)]
    public void FirewallException_IsThatOfACommandThatLetsStrangersIn(bool letsIn) => Assert.That(
        new NodeOptions { LetsStrangersIn = letsIn }.Read(new RootCommand().Parse([]), NullLoggerFactory.Instance).RegisterFirewallException, Is.EqualTo(letsIn ? true : (bool?)null));

    [Test]
    public void Client_HasTheOptionsOfEveryClient()
    {
        var options = Read("-s a --refresh 20 --timeout 7 --client-port 1 --gateway 192.0.2.1 --require-secondary --capture x --allow-private", node => node.AddClientTo);
        Assert.That((options.Servers[0], options.ClientPort, options.CaptureFile), Is.EqualTo(("a", 1, "x")));
    }

    [Test]
    public void Address_OfAName_IsATeredoAddressIfThereIsOne()
    {
        Assert.That(PeerName.Choose([Native, Teredo]), Is.EqualTo(Teredo));
        Assert.That(PeerName.Choose([Native, IPAddress.IPv6Loopback]), Is.EqualTo(Native), "else the first, as the resolver sorts them");
        Assert.That(PeerName.Choose([IPAddress.Parse("::ffff:192.0.2.1"), Native]), Is.EqualTo(Native));
        Assert.That(PeerName.Choose([IPAddress.Parse("::ffff:192.0.2.1")]), Is.Null);
    }

    [Test]
    public async Task Address_IsNoName()
    {
        Assert.That(await new PeerName("2001:db8::1", 80).ResolveAsync(CancellationToken.None), Is.EqualTo(new IPEndPoint(Native, 80)));
        var failure = Assert.ThrowsAsync<TeredoException>(() => PeerName.ResolveAsync("192.0.2.1", CancellationToken.None))!;
        Assert.That(failure.Error, Is.EqualTo(TeredoError.HostNotResolved));
        Assert.That(failure.Message, Does.StartWith("192.0.2.1 has no IPv6 address ("));
    }

    static TeredoOptions Read(string line) => Read(line, node => node.AddTo);

    static TeredoOptions Read(string line, Func<NodeOptions, Action<Command>> add)
    {
        var node = new NodeOptions();
        var command = new RootCommand();
        add(node)(command);
        var arguments = command.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        Assert.That(arguments.Errors, Is.Empty);
        return node.Read(arguments, NullLoggerFactory.Instance);
    }
}
