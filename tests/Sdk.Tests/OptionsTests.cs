using System.Net;
using System.Net.Sockets;
using System.Reflection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using TeredoSdk.Engine;
using TeredoSdk.Machine;
using TeredoSdk.Protocol;
using TeredoSdk.Protocol.Client;
using TeredoSdk.Testing;
using TeredoSdk.Windows;

namespace TeredoSdk.Tests;

/// <summary>Options name themselves, their value and what is expected; servers come from the options, then the environment.</summary>
public sealed class OptionsTests
{
    static TeredoOptions Good => new() { Servers = ["teredo.example.net,192.0.2.2"], AllowPrivateAddresses = true };

    static TestCaseData Bad(Action<TeredoOptions> change, string option, string value) =>
        new TestCaseData(change, option, value).SetArgDisplayNames(option, value);

    static IEnumerable<TestCaseData> BadOptions =>
    [
        Bad(o => o.Servers = null!, "Servers", "null"),
        Bad(o => o.Servers = [""], "Servers", "''"),
        Bad(o => o.Servers = ["a,b,c"], "Servers", "'a,b,c'"),
        Bad(o => o.Servers = ["a,"], "Servers", "'a,'"),
        Bad(o => o.Servers = ["192.0.2.1:3544"], "Servers", "192.0.2.1:3544"),
        Bad(o => o.Servers = ["2001:db8::1"], "Servers", "2001:db8::1"),
        Bad(o => o.Servers = ["192.0.2.256"], "Servers", "192.0.2.256"),
        Bad(o => o.Servers = ["192.0.2"], "Servers", "192.0.2"),
        Bad(o => o.Servers = ["224.0.0.1"], "Servers", "224.0.0.1"),
        Bad(o => (o.Servers, o.AllowPrivateAddresses) = (["192.168.1.1"], false), "Servers", "192.168.1.1"),
        Bad(o => o.ClientPort = -1, "ClientPort", "-1"),
        Bad(o => o.ClientPort = 65536, "ClientPort", "65536"),
        Bad(o => o.RefreshInterval = TimeSpan.FromSeconds(4), "RefreshInterval", "00:00:04"),
        Bad(o => o.Extensions = (TeredoExtensions)128, "Extensions", "128"),
        Bad(o => o.QualificationTimeout = TimeSpan.Zero, "QualificationTimeout", "00:00:00"),
        Bad(o => o.QualificationTimeout = TimeSpan.FromSeconds(600.1), "QualificationTimeout", "00:10:00.1"),
        Bad(o => o.ConnectTimeout = TimeSpan.FromSeconds(0.9), "ConnectTimeout", "00:00:00.9"),
        Bad(o => o.ConnectTimeout = TimeSpan.FromSeconds(601), "ConnectTimeout", "00:10:01"),
        Bad(o => o.ConnectTimeout = TimeSpan.FromSeconds(-1), "ConnectTimeout", "-00:00:01"),
        Bad(o => o.Sockets = (TeredoSockets)3, "Sockets", "3"),
        Bad(o => o.Sockets = (TeredoSockets)(-1), "Sockets", "-1"),
        Bad(o => o.Provider = (TeredoProvider)4, "Provider", "4"),
        Bad(o => o.DormancyTimeout = TimeSpan.FromSeconds(1), "DormancyTimeout", "00:00:01"),
        Bad(o => o.NativeIPv6 = (NativeIPv6Mode)7, "NativeIPv6", "7"),
        Bad(o => o.Secret = new() { ClientIdentifier = new byte[256], Secret = new byte[1] }, "Secret", "256"),
        Bad(o => o.PortMappingGateway = IPAddress.IPv6Loopback, "PortMappingGateway", "::1"),
        Bad(o => o.PortMappingGateway = IPAddress.Broadcast, "PortMappingGateway", "255.255.255.255"),
        Bad(o => o.LoggerFactory = null!, "LoggerFactory", "null"),
        Bad(o => o.TimeProvider = null!, "TimeProvider", "null"),
    ];

    [TestCaseSource(nameof(BadOptions))]
    public void Option_OutsideItsRange_IsNamedWithItsValue(Action<TeredoOptions> change, string option, string value)
    {
        var options = Good;
        change(options);
        var e = Assert.Throws<ArgumentException>(options.Validate)!;
        Assert.That(e.Message, Does.StartWith($"{option} is ").And.Contain(value).And.Contain("expected"));
        Assert.That(e.ParamName, Is.EqualTo(option));
        Assert.Throws<ArgumentException>(() => _ = TeredoNode.StartAsync(options), "a start checks them, too");
    }

    [Test]
    public void Options_AsTheyAre_AreValid()
    {
        Assert.DoesNotThrow(new TeredoOptions().Validate);
        Assert.DoesNotThrow(Good.Validate);
    }

    [Test]
    public void Options_ReachTheClient()
    {
        var options = Good;
        options.ClientPort = 4000;
        options.RefreshInterval = TimeSpan.FromSeconds(20);
        options.Extensions = TeredoExtensions.Hairpinning;
        options.RequireSecondary = true;
        options.PortMapping = false;
        options.DormancyTimeout = TimeSpan.FromMinutes(2);
        options.Secret = new() { ClientIdentifier = new byte[] { 1 }, Secret = new byte[] { 2 } };
        var server = new TeredoServerAddress(new(0xC0000201));
        Assert.That(options.ToClientOptions([server]) with { Servers = [] }, Is.EqualTo(new TeredoClientOptions
        {
            Servers = [],
            ServicePort = 4000,
            RefreshInterval = TimeSpan.FromSeconds(20),
            Extensions = TeredoExtensions.Hairpinning,
            RequireSecondary = true,
            DormancyTimeout = TimeSpan.FromMinutes(2),
            Secret = options.Secret,
            AllowPrivateAddresses = true,
            NativeIPv6 = NativeIPv6Behaviour.Beside,
            MapPort = false,
        }));
    }

    [Test]
    public void Snapshot_IsNotReachedByLaterChanges()
    {
        var options = Good;
        var copy = options.Snapshot();
        options.Servers.Add("192.0.2.9");
        options.ClientPort = 7;
        Assert.That(copy.Servers, Has.Count.EqualTo(1));
        Assert.That(copy.ClientPort, Is.Zero);
    }

    [TestCase(null)]
    [TestCase("")]
    [TestCase(" ; ")]
    public void NoServer_IsAnErrorWithAdvice(string? environment)
    {
        var e = Assert.Throws<TeredoException>(() => ServerNames.Find(new(), environment))!;
        Assert.That(e.Error, Is.EqualTo(TeredoError.NoServer));
        Assert.That(e.Message, Does.Contain(TeredoOptions.ServerVariable).And.Contain("Servers").And.Contain(nameof(TeredoServerHost)));
        Assert.That(e.Finding.Fix?.Sentence, Does.StartWith("Name a server"), "problem and remedy are told apart");
        Assert.That(e.Finding.Evidence, Has.Count.EqualTo(2), "what was read");
    }

    [Test]
    public void Servers_OfTheEnvironment_ServeWhenTheOptionsNameNone() =>
        Assert.That(ServerNames.Find(new(), "192.0.2.1,192.0.2.9; teredo.example.net"),
            Is.EqualTo(new ServerName[] { new("192.0.2.1", "192.0.2.9"), new("teredo.example.net", null) }));

    [Test]
    public void Servers_OfTheOptions_ComeFirst() =>
        Assert.That(ServerNames.Find(Good, "198.51.100.1"), Is.EqualTo(new ServerName[] { new("teredo.example.net", "192.0.2.2") }));

    [Test]
    public void Environment_ThatNamesNoServer_IsNamed() =>
        Assert.That(() => ServerNames.Find(new(), "not a server"), Throws.TypeOf<TeredoException>()
            .With.Message.Contains(TeredoOptions.ServerVariable).And.Message.Contains("'not a server'"));

    // The options' own are looked at when they are set; those of the environment only here.
    [TestCase("10.0.0.1")]
    [TestCase("192.88.99.1,10.0.0.1")]
    [TestCase("8.8.8.8,8.8.8.8")]
    public void Server_WithoutTwoPublicAddresses_IsNamed_AndAnotherOneServes(string server)
    {
        Task<IReadOnlyList<TeredoServerAddress>> Find(params string[] servers) => ServerNames.FindAndResolveAsync(new() { Servers = servers },
            new MemoryNetwork().Host("203.0.113.10"), NullLogger.Instance, default);
        var e = Assert.ThrowsAsync<TeredoException>(() => Find(server))!;
        Assert.That(e.Error, Is.EqualTo(TeredoError.ServerNotResolved));
        Assert.That(e.Message, Does.Contain(server).And.Contain("not two public addresses").And.Contain(nameof(TeredoOptions.AllowPrivateAddresses)));
        Assert.That(Find(server, "8.8.8.8").Result, Is.EqualTo(new[] { new TeredoServerAddress(IPv4Address.Parse("8.8.8.8")) }));
    }

    [TestCase(SocketError.AddressAlreadyInUse, 80, "TCP port 80 is taken by another socket of this node")]
    [TestCase(SocketError.AddressAlreadyInUse, 0, "All dynamic TCP ports")]
    [TestCase(SocketError.AccessDenied, 80, "TCP port 80 of this node can't be used (")]
    public void Port_ThatIsNotGiven_IsTakenOnlyWhenItIs(SocketError error, int port, string sentence)
    {
        var e = Problems.OfBind("TCP", port, new SocketException((int)error));
        Assert.That(e.Error, Is.EqualTo(TeredoError.PortUnavailable));
        Assert.That(e.Message, Does.StartWith(sentence));
    }

    [Test]
    public void NativeIPv6Instead_IsRefusedInsideAProcess_AndSaysWhy()
    {
        var options = Good;
        (options.Provider, options.NativeIPv6) = (TeredoProvider.Embedded, NativeIPv6Mode.Instead);
        var e = Assert.ThrowsAsync<TeredoException>(() => TeredoNode.StartAsync(options).InTime())!;
        Assert.That(e.Error, Is.EqualTo(TeredoError.NotSupported));
        Assert.That(e.Message, Does.Contain("whole machine").And.Contain(nameof(NativeIPv6Mode.Beside)));
    }

    [Test]
    public void NameThatDoesNotResolve_IsNamed()
    {
        var e = Assert.ThrowsAsync<TeredoException>(() => TeredoNode.StartAsync(new() { Servers = ["teredo.invalid"], Provider = TeredoProvider.Embedded }).InTime())!;
        Assert.That(e.Error, Is.EqualTo(TeredoError.ServerNotResolved));
        Assert.That(e.Message, Does.Contain("teredo.invalid"));
    }

    [TestCaseSource(nameof(EachOption))]
    public void Comparer_OneOptionDiffers_MeansAnotherNode(PropertyInfo option)
    {
        var (one, other) = (Good, Good);
        Assert.That(TeredoOptions.Comparer.Equals(one, other), Is.True);
        option.SetValue(other, option.GetValue(other) switch
        {
            null when option.Name == nameof(TeredoOptions.Consent) => (Func<ConsentRequest, CancellationToken, ValueTask<bool>>)((_, _) => new(true)),
            null when option.Name == nameof(TeredoOptions.RegisterFirewallException) => true,
            null when option.Name is nameof(TeredoOptions.CaptureFile) or nameof(TeredoOptions.SetupCommand) => "node.pcap",
            null when option.Name == nameof(TeredoOptions.Windows) => new FakeWindows(),
            null when option.Name == nameof(TeredoOptions.PortMappingGateway) => IPAddress.Parse("192.168.1.1"),
            bool value => !value,
            int value => value + 1,
            TimeSpan value => value + TimeSpan.FromSeconds(1),
            Enum value => Enum.ToObject(value.GetType(), Convert.ToInt32(value, null) ^ 1),
            IList<string> => new[] { "192.0.2.9" },
            TimeProvider => new ManualTime(),
            ILoggerFactory => new OtherLogs(),
            null => new TeredoSecret { ClientIdentifier = new byte[4], Secret = new byte[20] },
            var value => throw new InvalidOperationException($"No other value is known for {value}."),
        });
        Assert.That(TeredoOptions.Comparer.Equals(one, other), Is.False);
    }

    static IEnumerable<TestCaseData> EachOption => typeof(TeredoOptions).GetProperties().Where(option => option.CanWrite)
        .Select(option => new TestCaseData(option).SetArgDisplayNames(option.Name));

    sealed class OtherLogs : ILoggerFactory
    {
        public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();
        public ILogger CreateLogger(string categoryName) => throw new NotSupportedException();

        public void Dispose()
        {
            // Nothing is held.
        }
    }
}
