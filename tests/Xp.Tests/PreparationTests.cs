namespace TeredoSdk.Xp.Tests;

/// <summary>XpTeredo.Prepare on a scripted Windows XP: look, ask, change, read back.</summary>
public class PreparationTests
{
    const string Address = "2001:0:102:304::1";
    static readonly string[] Changes = ["ran netsh interface ipv6 install", "ran netsh interface ipv6 set", "added", "removed"];

    [Test]
    public void Prepare_NothingIsThere_MakesEachThingSoAndReadsItBack()
    {
        string[] lines = Probe.Play($"prepare ipv6=missing consent=yes want-server=teredo.example.net want-port=3544 address={Address}");

        Assert.That(Starts(lines, "asked", "ran", "added"), Is.EqualTo(new[]
        {
            "asked InstallIPv6:", "asked EnableTeredo:", "asked OpenPort:", "ran netsh interface ipv6 install",
            "ran netsh interface ipv6 set teredo client teredo.example.net clientport=3544", "ran netsh interface ipv6 show teredo",
            "added 'Teredo (TeredoSdk)' Udp 3544 All on",
        }));
        Assert.That(Outcomes(lines), Is.EqualTo(new[] { "IPv6: Changed", "Teredo: Changed", "TeredoPort: Changed", "TcpPort: NotChecked", "Program: NotChecked", "Address: AlreadySo" }));
        Assert.That(lines, Does.Contain($"address 2001:0:102:304::1 restart False"));
    }

    [Test]
    public void Prepare_EverythingIsThere_ChangesNothingAndAsksNobody()
    {
        string[] lines = Probe.Play($"prepare type=client exception=Other want-port=3544 client-port=3544 address={Address}");

        Assert.That(lines, Has.None.StartsWith("asked").And.None.Matches<string>(IsChange));
        Assert.That(Outcomes(lines), Is.EqualTo(new[] { "IPv6: AlreadySo", "Teredo: AlreadySo", "TeredoPort: AlreadySo", "TcpPort: NotChecked", "Program: NotChecked", "Address: AlreadySo" }));
        Assert.That(lines, Does.Contain("step TeredoPort: AlreadySo. UDP port 3544 is open to all computers."));
    }

    [TestCase("type=enterpriseclient")]
    [TestCase("type=client want-server=TEREDO.IPV6.MICROSOFT.COM")]
    public void Prepare_ClientOfTheWantedServerAlready_LeavesItAlone(string setting) =>
        Assert.That(Probe.Play($"prepare {setting} client-port=3544 exception=Other address={Address}"),
            Has.None.Matches<string>(IsChange).And.Some.StartsWith("step Teredo: AlreadySo"));

    [TestCase("type=default", "ran netsh interface ipv6 set teredo client clientport=50123")]
    [TestCase("type=default leave-port", "ran netsh interface ipv6 set teredo client")]
    [TestCase("type=default client-port=3544", "ran netsh interface ipv6 set teredo client")]
    [TestCase("type=client want-server=192.0.2.7 client-port=3544", "ran netsh interface ipv6 set teredo client 192.0.2.7")]
    [TestCase("type=enterpriseclient want-server=192.0.2.7 leave-port", "ran netsh interface ipv6 set teredo enterpriseclient 192.0.2.7")]
    [TestCase("type=enterpriseclient", "ran netsh interface ipv6 set teredo enterpriseclient clientport=50123")]
    public void Prepare_NoClientOfTheWantedServer_SetsIt(string setting, string command) =>
        Assert.That(Probe.Play($"prepare {setting} consent=yes address={Address}"),
            Does.Contain(command).And.Some.StartsWith("step Teredo: Changed"));

    [Test]
    public void Prepare_NobodyToAsk_ChangesNothingAndSaysWhatWouldBeDone()
    {
        string[] lines = Probe.Play("prepare ipv6=missing want-port=3544");

        Assert.That(lines, Has.None.Matches<string>(IsChange));
        Assert.That(lines.Single(), Does.StartWith("error ConsentMissing: Nothing was changed").And.Contain("'netsh interface ipv6 install', then")
            .And.Contain("'netsh interface ipv6 set teredo client clientport=3544', then")
            .And.Contain("""'netsh firewall add portopening UDP 3544 "Teredo (TeredoSdk)"'"""));
    }

    [Test]
    public void Prepare_NameThatAShellReadsMoreIn_IsNotInTheCommandToPaste() =>
        Assert.That(Probe.Play("prepare ipv6=missing want-port=3544 name=x\"&calc&\"").Single(),
            Does.Contain("'netsh firewall add portopening UDP 3544 Teredo'").And.Not.Contain("calc"));

    [TestCase("no")]
    [TestCase("InstallIPv6")]
    [TestCase("EnableTeredo")]
    [TestCase("OpenPort")]
    [TestCase("AllowProgram")]
    public void Prepare_OneQuestionAnsweredWithNo_ChangesNothing(string refused)
    {
        string[] lines = Probe.Play($@"prepare ipv6=missing want-port=3544 program=C:\x.exe consent={refused}");

        Assert.That(lines, Has.None.Matches<string>(IsChange).And.Some.StartsWith("error ConsentRefused: Nothing was changed"));
    }

    [Test]
    public void Question_SaysHowItIsUndone() =>
        Assert.That(Probe.Play("prepare ipv6=missing want-port=3544 consent=OpenPort")
            .Where(line => line.StartsWith("asked ", StringComparison.Ordinal)),
            Has.Exactly(3).Items.And.All.Contains("To undo it"));

    [Test]
    public void Prepare_NetshInstallsNothingAndReturnsZero_IsIPv6NotInstalled() =>
        Assert.That(Probe.Play("prepare ipv6=missing netsh=lies consent=yes").Last(),
            Does.StartWith("error IPv6NotInstalled:").And.Contain("netsh interface ipv6 install"));

    [Test]
    public void Prepare_IPv6ComesSecondsAfterNetsh_WaitsForIt() =>
        Assert.That(Probe.Play($"prepare ipv6=missing netsh=slow consent=yes address={Address}"), Has.Some.StartsWith("step IPv6: Changed"));

    [Test]
    public void Prepare_NetshEnablesNothingAndReturnsZero_IsTeredoNotEnabled() =>
        Assert.That(Probe.Play("prepare netsh=lies consent=yes").Last(), Does.StartWith("error TeredoNotEnabled: Teredo's type is still 'disabled'"));

    [Test]
    public void Prepare_ProcessIsOlderThanIPv6_AsksForARestartInsteadOfLookingForAnAddress()
    {
        string[] lines = Probe.Play("prepare ipv6=missing old-process consent=yes");

        Assert.That(Outcomes(lines).Last(), Is.EqualTo("Address: NotChecked"));
        Assert.That(lines, Does.Contain("address none restart True"));
    }

    [Test]
    public void Prepare_NoAddressInTime_IsNoAddress() =>
        Assert.That(Probe.Play($"prepare type=client leave-port address={Address} address-after=31").Last(),
            Does.StartWith("error NoAddress: No interface got a Teredo address within 30"));

    [Test]
    public void Prepare_AddressComesInTime_ReportsItAsNew() =>
        Assert.That(Probe.Play($"prepare type=client leave-port address={Address} address-after=29"), Has.Some.StartsWith("step Address: Changed"));

    [Test]
    public void Prepare_CancelledWhileItWaitsForTheAddress_Ends() =>
        Assert.That(Probe.Play("prepare type=client leave-port cancel-after=3").Last(), Does.StartWith("threw OperationCanceledException"));

    [Test]
    public void Prepare_CancelledWhileIPv6IsInstalled_DoesNotGoOn() =>
        Assert.That(Probe.Play("prepare ipv6=missing netsh=slow consent=yes cancel-after=2"),
            Has.None.Contains("ran netsh interface ipv6 set").And.Some.StartsWith("threw Operation"));

    // Teredo's port was neither fixed nor opened when no port was named.
    [Test]
    public void Prepare_NoPortIsNamed_FixesAFreeOneAndOpensIt()
    {
        string[] lines = Probe.Play($"prepare type=client consent=yes address={Address}");

        Assert.That(Starts(lines, "asked", "ran", "added"), Is.EqualTo(new[]
        {
            "ran netsh interface ipv6 show teredo", "asked EnableTeredo:", "asked OpenPort:",
            "ran netsh interface ipv6 set teredo client clientport=50123", "ran netsh interface ipv6 show teredo",
            "added 'Teredo (TeredoSdk)' Udp 50123 All on",
        }));
        Assert.That(lines, Has.Some.StartsWith("asked EnableTeredo: Windows' Teredo will be set up at UDP port 50123:")
            .And.Contains("To undo it, run 'netsh interface ipv6 set teredo client clientport=default'."));
    }

    [Test]
    public void Prepare_ClientHasAFixedPortAlready_OpensThatOne() =>
        Assert.That(Probe.Play($"prepare type=client client-port=3544 consent=yes address={Address}"),
            Does.Contain("added 'Teredo (TeredoSdk)' Udp 3544 All on").And.None.StartsWith("ran netsh interface ipv6 set"));

    [Test]
    public void Prepare_ClientHasAnotherPort_SetsItAndSaysHowItWas() =>
        Assert.That(Probe.Play($"prepare type=client client-port=40000 server=a.example want-server=b.example want-port=3544 consent=yes address={Address}"),
            Does.Contain("ran netsh interface ipv6 set teredo client b.example clientport=3544").And.Contain("port 'Teredo (TeredoSdk)' Udp 3544 All on")
                .And.Some.Contains("To undo it, run 'netsh interface ipv6 set teredo client a.example clientport=40000'."));

    [Test]
    public void Prepare_PortIsToBeLeft_TouchesNeitherItNorTheFirewall() =>
        Assert.That(Probe.Play($"prepare type=client leave-port firewall=absent address={Address}"),
            Has.None.StartsWith("asked").And.None.Matches<string>(IsChange)
                .And.Some.EqualTo("step TeredoPort: NotChecked. The options leave Teredo's port as it is."));

    [Test]
    public void Prepare_SystemKnowsNoFixedPort_IsPortNotFixed() =>
        Assert.That(Probe.Play("prepare type=client netsh=no-port consent=yes"),
            Has.Some.StartsWith("error PortNotFixed: The Teredo client's port is still 'default'").And.None.StartsWith("added"));

    [Test]
    public void Prepare_AnotherProgramHasThePort_ChangesNothing() =>
        Assert.That(Probe.Play("prepare ipv6=missing want-port=3544 taken-port=3544 consent=yes").Single(),
            Does.StartWith("error PortInUse: UDP port 3544 is in use by another program"));

    [Test]
    public void Prepare_ThePortIsTheClientsOwn_IsNotInUseByAnother() =>
        Assert.That(Probe.Play($"prepare type=client client-port=3544 want-port=3544 taken-port=3544 consent=yes address={Address}"),
            Has.Some.StartsWith("step TeredoPort: Changed"));

    [Test]
    public void Prepare_ServerBehindTheFirewall_IsOpenedByItsPortAndByItsProgram()
    {
        string[] lines = Probe.Play($@"prepare type=client want-tcp=4242 program=C:\x.exe consent=yes address={Address}");

        Assert.That(Starts(lines, "asked"), Is.EqualTo(new[] { "asked EnableTeredo:", "asked OpenPort:", "asked OpenPort:", "asked AllowProgram:" }));
        Assert.That(lines, Does.Contain("port 'Teredo (TeredoSdk)' Udp 50123 All on").And.Contain("port 'Teredo (TeredoSdk)' Tcp 4242 All on")
            .And.Contain(@"program 'Teredo (TeredoSdk)' C:\x.exe All on"));
        Assert.That(Outcomes(lines).Skip(2), Is.EqualTo(new[] { "TeredoPort: Changed", "TcpPort: Changed", "Program: Changed", "Address: AlreadySo" }));
    }

    [Test]
    public void Prepare_AllOfItTwice_ChangesNothingTheSecondTime() =>
        Assert.That(Probe.Play($@"prepare type=client client-port=3544 exception=Own want-tcp=3544 program=C:\X.EXE program-exception=Own address={Address}"),
            Has.None.StartsWith("asked").And.None.Matches<string>(IsChange));

    [Test]
    public void Prepare_FirewallIsOff_OpensThePortAllTheSameAndSaysSo() =>
        Assert.That(Probe.Play($"prepare type=client firewall=off want-port=3544 consent=yes address={Address}"),
            Has.Some.StartsWith("added").And.Some.Contains("the firewall is off"));

    [TestCase("firewall=absent", "FirewallUnavailable")]
    [TestCase("firewall=no-exceptions", "ExceptionsNotAllowed")]
    public void Prepare_PortCannotBeOpened_ChangesNothingElseEither(string setting, string error) =>
        Assert.That(Probe.Play($"prepare ipv6=missing {setting} want-port=3544 consent=yes"),
            Has.None.Matches<string>(IsChange).And.Some.StartsWith($"error {error}:"));

    [TestCase("a b")]
    [TestCase("a\"b")]
    [TestCase("servername=a")]
    [TestCase("")]
    [TestCase("-a.example")]
    [TestCase("a..example")]
    [TestCase("a.example.")]
    [TestCase("ä.example")]
    [TestCase("192.0.2.256")]
    [TestCase("192.0.2.07")]
    [TestCase("1.2.3")]
    [TestCase("2001:db8::1")]
    [TestCase("a&b")]
    public void Prepare_ServerNameIsNone_IsRefusedBeforeAnythingElse(string name)
    {
        string[] lines = Probe.Run("prepare", "consent=yes", $"want-server={name}");

        Assert.That(lines.Single(), Does.StartWith($"error InvalidServerName: '{name}' is not the name of a Teredo server"));
    }

    [TestCase("teredo-1.example.net")]
    [TestCase("3com.example")]
    [TestCase("192.0.2.7")]
    [TestCase("localhost")]
    public void Prepare_ServerNameIsOne_ReachesNetshUnchanged(string name) =>
        Assert.That(Probe.Run("prepare", "consent=yes", $"want-server={name}"), Does.Contain($"ran netsh interface ipv6 set teredo client {name} clientport=50123"));

    [TestCase("want-port=0", "port")]
    [TestCase("want-port=65536", "port")]
    [TestCase("want-port=3544 name=", "name")]
    [TestCase("want-port=3544 leave-port", "OpenTeredoPort")]
    [TestCase("want-tcp=65536", "port")]
    [TestCase("program=x.exe", "'x.exe' is not the path of a program")]
    [TestCase(@"program=C:\x.exe no-program", @"There is no program 'C:\x.exe'")]
    [TestCase("name=", "name")]
    [TestCase("timeout=-1", "AddressTimeout")]
    public void Prepare_OptionOutOfItsRange_IsRefusedBeforeAnythingElse(string option, string named)
    {
        string[] lines = Probe.Play($"prepare consent=yes {option}");

        Assert.That(lines[0], Does.StartWith("threw Argument").And.Contain(named));
        Assert.That(lines, Has.None.Matches<string>(IsChange));
    }

    static bool IsChange(string line) => Changes.Any(change => line.StartsWith(change, StringComparison.Ordinal));

    // The lines that start with one of these words; of a question only its kind.
    static IEnumerable<string> Starts(string[] lines, params string[] words) => lines.Where(line => words.Contains(line.Split(' ')[0]))
        .Select(line => line.StartsWith("asked", StringComparison.Ordinal) ? line[..(line.IndexOf(':') + 1)] : line);

    static IEnumerable<string> Outcomes(string[] lines) =>
        lines.Where(line => line.StartsWith("step ", StringComparison.Ordinal)).Select(line => line["step ".Length..line.IndexOf('.')]);
}
