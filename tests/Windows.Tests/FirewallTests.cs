namespace TeredoSdk.Windows.Tests;

/// <summary>The firewall by COM, against native code that was built from Microsoft's own declarations.</summary>
[Fakes]
public class FirewallTests
{
    static IWindowsFirewall Firewall => WindowsSystem.Current.Firewall;

    static readonly FirewallRule Full = new()
    {
        Name = "Größe 大小 Привет",
        Description = "für jeden – 説明",
        Grouping = "TeredoSdk",
        ProgramPath = @"C:\Programme\Äpfel\app.exe",
        ServiceName = "iphlpsvc",
        Protocol = FirewallProtocol.Udp,
        LocalPorts = "80,8000-8010",
        RemotePorts = "3544",
        LocalAddresses = "10.0.0.0/255.0.0.0",
        RemoteAddresses = "LocalSubnet",
        Direction = FirewallDirection.In,
        Interfaces = "Ethernet;Jörgs Netz",
        InterfaceTypes = "Lan,Wireless",
        Enabled = true,
        Profiles = FirewallProfiles.Private | FirewallProfiles.Public,
        EdgeTraversal = EdgeTraversal.DeferToApp,
        Action = FirewallAction.Allow,
        LocalAppPackageId = "S-1-15-2-1",
        LocalUserOwner = "S-1-5-21-1",
        LocalUserAuthorizedList = "O:LSD:(A;;CC;;;S-1-5-84-0-0-0-0-0)",
        RemoteUserAuthorizedList = "O:LSD:(A;;CC;;;S-1-1-0)",
        RemoteMachineAuthorizedList = "O:LSD:(A;;CC;;;S-1-2-0)",
        SecureFlags = 1,
    };

    [SetUp]
    public void BeginAnew() => FakeFiles.Own.Begin();

    [Test]
    public void Rule_WithEveryField_IsStoredFieldByField()
    {
        Firewall.Add(Full);
        var stored = FakeFiles.Own.Rules.Single();
        Assert.Multiple(() =>
        {
            Assert.That(stored["Name"], Is.EqualTo(Full.Name));
            Assert.That(stored["Description"], Is.EqualTo(Full.Description));
            Assert.That(stored["Grouping"], Is.EqualTo(Full.Grouping));
            Assert.That(stored["ApplicationName"], Is.EqualTo(Full.ProgramPath));
            Assert.That(stored["ServiceName"], Is.EqualTo(Full.ServiceName));
            Assert.That(stored["Protocol"], Is.EqualTo("17"));
            Assert.That(stored["LocalPorts"], Is.EqualTo(Full.LocalPorts));
            Assert.That(stored["RemotePorts"], Is.EqualTo(Full.RemotePorts));
            Assert.That(stored["LocalAddresses"], Is.EqualTo(Full.LocalAddresses));
            Assert.That(stored["RemoteAddresses"], Is.EqualTo(Full.RemoteAddresses));
            Assert.That(stored["Direction"], Is.EqualTo("1"));
            Assert.That(stored["Interfaces"], Is.EqualTo(Full.Interfaces));
            Assert.That(stored["InterfaceTypes"], Is.EqualTo(Full.InterfaceTypes));
            Assert.That(stored["Enabled"], Is.EqualTo("1"));
            Assert.That(stored["Profiles"], Is.EqualTo("6"));
            Assert.That(stored["EdgeTraversalOptions"], Is.EqualTo("2"));
            Assert.That(stored["Action"], Is.EqualTo("1"));
            Assert.That(stored["LocalAppPackageId"], Is.EqualTo(Full.LocalAppPackageId));
            Assert.That(stored["LocalUserOwner"], Is.EqualTo(Full.LocalUserOwner));
            Assert.That(stored["LocalUserAuthorizedList"], Is.EqualTo(Full.LocalUserAuthorizedList));
            Assert.That(stored["RemoteUserAuthorizedList"], Is.EqualTo(Full.RemoteUserAuthorizedList));
            Assert.That(stored["RemoteMachineAuthorizedList"], Is.EqualTo(Full.RemoteMachineAuthorizedList));
            Assert.That(stored["SecureFlags"], Is.EqualTo("1"));
        });
    }

    [Test]
    public void Rule_WithEveryField_IsReadBackAsItWas()
    {
        Firewall.Add(Full);
        Assert.That(Firewall.ReadRules().Value, Is.EqualTo([Full]));
    }

    [Test]
    public void Rule_ThatOthersMade_ReadsAbsentTextsAndAnyAsNull()
    {
        FakeFiles.Own.StoreRules(["Name=Teredo (UDP-In)", "Protocol=17", "LocalPorts=Teredo", "Direction=1", "Enabled=1", "Action=1",
            "Profiles=2147483647", "RemoteAddresses=*", "LocalAddresses=*", "InterfaceTypes=All", "ServiceName=iphlpsvc"]);
        var expected = new FirewallRule
        {
            Name = "Teredo (UDP-In)",
            Protocol = FirewallProtocol.Udp,
            LocalPorts = "Teredo",
            Enabled = true,
            ServiceName = "iphlpsvc",
        };
        Assert.That(Firewall.ReadRules().Value, Is.EqualTo([expected]));
    }

    [Test]
    public void Update_ToAnotherProtocol_SetsTheFieldsInAnOrderThatIsValidAtEveryStep()
    {
        Firewall.Add(Full);
        var icmp = Full with { Protocol = FirewallProtocol.Icmpv6, LocalPorts = null, RemotePorts = null, IcmpTypesAndCodes = "128:*" };
        Firewall.Update(icmp);
        Assert.That(Firewall.ReadRules().Value, Is.EqualTo([icmp]));
        Firewall.Update(Full);
        Assert.That(Firewall.ReadRules().Value, Is.EqualTo([Full]));
        Assert.That(FakeFiles.Own.Rules, Has.Count.EqualTo(1));
    }

    [Test]
    public void Remove_TakesTheRuleOfThatNameOnly_AndIsNoErrorTwice()
    {
        FakeFiles.Own.StoreRules(["Name=another", "Protocol=6", "Direction=1"]);
        Firewall.Add(Full);
        Firewall.Remove(Full.Name);
        Firewall.Remove(Full.Name);
        Assert.That(FakeFiles.Own.Rules.Select(rule => rule["Name"]), Is.EqualTo(["another"]));
    }

    [TestCase("a|b")]
    [TestCase("all")]
    [TestCase("")]
    public void Rule_WithANameThatWindowsRefuses_IsATeredoExceptionAndNotStored(string name)
    {
        Assert.That(() => Firewall.Add(Full with { Name = name }), Throws.InstanceOf<TeredoException>().Or.InstanceOf<ArgumentException>());
        Assert.That(FakeFiles.Own.Rules, Is.Empty);
    }

    [Test]
    public void Status_SaysWhatHoldsForTheActiveProfiles()
    {
        FakeFiles.Own.Begin("profiles=6", "block_all=1");
        var status = Firewall.ReadStatus().Value;
        Assert.That(status.Active.Select(profile => profile.Profile), Is.EquivalentTo([FirewallProfiles.Private, FirewallProfiles.Public]));
        Assert.That(status.Active.All(profile => profile is { Enabled: true, BlocksAllInbound: true, DefaultInbound: FirewallAction.Block }));
        Assert.That(status.ModifyState, Is.EqualTo(FirewallModifyState.Ok));
    }

    [Test]
    public void Products_OfOtherMakers_AreReadByName()
    {
        FakeFiles.Own.Begin("products=Brandmauer ä;Стена");
        Assert.That(Firewall.ReadProducts().Value, Is.EqualTo(["Brandmauer ä", "Стена"]));
    }

    [Test]
    public void OpenPort_OfTheXpEra_IsStoredReadAndRemoved()
    {
        var port = new OpenPort { Name = "Tür für Teredo", Port = 3544, Protocol = FirewallProtocol.Udp };
        Firewall.AddOpenPort(port);
        var stored = FakeFiles.Own.OpenPorts.Single();
        Assert.That((stored["Name"], stored["Port"], stored["Protocol"], stored["Enabled"], stored["Scope"]),
            Is.EqualTo((port.Name, "3544", "17", "1", "0")));
        Assert.That(Firewall.ReadOpenPorts().Value, Is.EqualTo([port]));
        Firewall.RemoveOpenPort(3544, FirewallProtocol.Udp);
        Firewall.RemoveOpenPort(3544, FirewallProtocol.Udp);
        Assert.That(FakeFiles.Own.OpenPorts, Is.Empty);
    }
}
