using System.Net;
using System.Reflection;
using TeredoSdk.Windows;
using TeredoSdk.Windows.Setup;

namespace TeredoSdk.Tests;

/// <summary>The options of hosts, setups and requests: of one shape, checked, and copied when they are used.</summary>
public sealed class HostOptionsTests
{
    static readonly IPAddress Here = IPAddress.Parse("127.0.0.1");

    static readonly Type[] Types =
    [
        typeof(FirewallExceptionRequest),
        .. new[] { typeof(TeredoOptions), typeof(TeredoNode) }.SelectMany(type => type.Assembly.GetExportedTypes())
            .Where(type => type.Name.EndsWith("Options", StringComparison.Ordinal)),
    ];

    static TestCaseData Bad(Action validate, string sentence) => new TestCaseData(validate, sentence).SetArgDisplayNames(sentence);

    static TestCaseData BadServer(Action<TeredoServerHostOptions> change, string sentence)
    {
        var options = new TeredoServerHostOptions { Address = Here, AllowPrivateAddresses = true };
        change(options);
        return Bad(options.Validate, sentence);
    }

    static TestCaseData BadRelay(Action<TeredoRelayHostOptions> change, string sentence)
    {
        var options = new TeredoRelayHostOptions { Address = Here, InterfaceName = "relay" };
        change(options);
        return Bad(options.Validate, sentence);
    }

    static TestCaseData BadInterface(Action<TeredoInterfaceHostOptions> change, string sentence)
    {
        var options = new TeredoInterfaceHostOptions();
        change(options);
        return Bad(options.Validate, sentence);
    }

    static IEnumerable<TestCaseData> BadOptions =>
    [
        BadServer(o => o.Address = null, "Address is null; expected an IPv4 address of this machine."),
        BadServer(o => o.Address = IPAddress.IPv6Loopback, "Address is ::1; expected an IPv4 address of this machine."),
        BadServer(o => o.AllowPrivateAddresses = false,
            "Address is 127.0.0.1; expected a global unicast IPv4 address (AllowPrivateAddresses lifts that in a laboratory)."),
        BadServer(o => o.SecondaryAddress = Here, "SecondaryAddress is 127.0.0.1; expected a unicast IPv4 address other than Address, or null."),
        BadServer(o => o.Port = 0, "Port is 0; expected 1 to 65535."),
        BadServer(o => o.RateLimits = new() { ForwardsPerAddress = new(0, 5) },
            "ForwardsPerAddress is 0 per second, 5 at once; expected 1 to 1000000, for both."),
        BadServer(o => o.Shards = 65, "Shards is 65; expected 1 to 64."),
        BadServer(o => o.LoggerFactory = null!, "LoggerFactory is null; expected a logger factory such as NullLoggerFactory.Instance."),
        BadServer(o => o.TimeProvider = null!, "TimeProvider is null; expected a clock such as TimeProvider.System."),
        BadRelay(o => o.Address = null, "Address is null; expected an IPv4 address of this machine."),
        BadRelay(o => o.Port = 65536, "Port is 65536; expected 0 (any) or 1 to 65535."),
        BadRelay(o => o.InterfaceName = "a-name-of-16-long", "InterfaceName is 'a-name-of-16-long'; expected the name of a network device, 1 to 15 octets."),
        BadRelay(o => o.Prefixes = null!, "Prefixes is null; expected a list, which may be empty."),
        BadRelay(o => o.Prefixes = [IPNetwork.Parse("192.0.2.0/24")],
            "Prefixes is 192.0.2.0/24; expected IPv6 prefixes that do not lie inside 2001::/32."),
        BadRelay(o => o.Prefixes = [IPNetwork.Parse("2001:db8::/32"), IPNetwork.Parse("2001::/48")],
            "Prefixes is 2001::/48; expected IPv6 prefixes that do not lie inside 2001::/32."),
        BadRelay(o => (o.InterfaceName, o.Prefixes) = (null, [IPNetwork.Parse("2001:db8::/32")]),
            "Prefixes is 2001:db8::/32; expected none without an InterfaceName: a host-specific relay serves the machine's own addresses."),
        BadInterface(o => o.Client = null!, "Client is null; expected the settings of the client."),
        BadInterface(o => o.Client.ClientPort = -1, "ClientPort is -1; expected 0 (any) or 1 to 65535."),
        BadInterface(o => o.InterfaceName = "", "InterfaceName is ''; expected the name of a network device, 1 to 15 octets."),
        BadInterface(o => o.NativeIPv6 = (NativeIPv6Mode)9, "NativeIPv6 is 9; expected Beside or Instead."),
        Bad(new TeredoSetupOptions { ProgramPath = "C:\\a.exe" }.Validate,
            "Name is ''; expected a name for the firewall's list, without '|' and lone surrogates, and other than \"all\"."),
        Bad(new TeredoSetupOptions { Name = "Chat" }.Validate, "ProgramPath is ''; expected the full path of the program."),
    ];

    [TestCaseSource(nameof(BadOptions))]
    public void Option_OutsideItsRange_IsNamedWithItsValueAndWhatIsExpected(Action validate, string sentence)
    {
        var e = Assert.Throws<ArgumentException>(() => validate())!;
        Assert.That(e.Message, Is.EqualTo($"{sentence} (Parameter '{e.ParamName}')"));
        Assert.That(sentence, Does.StartWith($"{e.ParamName} is "));
    }

    // As Microsoft's options want them: bound by a configuration, changed by code one after the other.
    [TestCaseSource(nameof(Types))]
    public void Options_AreMutableClassesThatCanBeMadeEmpty(Type type)
    {
        Assert.That(type.IsSealed && type.IsClass);
        Assert.That(type.GetConstructor(Type.EmptyTypes), Is.Not.Null);
        Assert.That(type.GetMethod("<Clone>$"), Is.Null, "a record");
        foreach (var property in type.GetProperties(BindingFlags.Public | BindingFlags.Instance))
            Assert.That(property.SetMethod!.ReturnParameter.GetRequiredCustomModifiers(), Is.Empty, $"{property.Name} is init-only");
        if (type != typeof(TeredoHostingOptions)) // of which nothing can be wrong
            Assert.That(type.GetMethod("Validate", Type.EmptyTypes), Is.Not.Null);
    }

    [Test]
    public void Snapshots_AreNotReachedByLaterChanges()
    {
        var relay = new TeredoRelayHostOptions { Address = Here, InterfaceName = "relay", Prefixes = [IPNetwork.Parse("2001:db8::/32")] };
        var copy = relay.Snapshot();
        relay.Prefixes.Clear();
        Assert.That(copy.ToServedPrefixes().Select(prefix => $"{prefix}"), Is.EqualTo(new[] { "2001:db8::/32" }));

        var host = new TeredoInterfaceHostOptions { NativeIPv6 = NativeIPv6Mode.Beside };
        var settings = host.Snapshot();
        host.Client.ClientPort = 7;
        Assert.That(settings.Client.ClientPort, Is.Zero);
        Assert.That(settings.Client.NativeIPv6, Is.EqualTo(NativeIPv6Mode.Beside), "the host decides");
        Assert.That(settings.Client.DormancyTimeout, Is.EqualTo(TimeSpan.Zero), "who wants to be reached must not fall asleep");
        Assert.That(host.Client.DormancyTimeout, Is.EqualTo(new TeredoOptions().DormancyTimeout), "the caller's own are left alone");
    }
}
