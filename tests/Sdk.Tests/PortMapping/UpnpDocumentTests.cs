using System.Text;
using TeredoSdk.Engine.PortMapping;
using TeredoSdk.Protocol;

namespace TeredoSdk.Tests.PortMapping;

/// <summary>The documents of UPnP by themselves: descriptions, and answers to calls (UPnP Device Architecture 1.1 §2.3, §3.2).</summary>
public sealed class UpnpDocumentTests
{
    const string Ip1 = "urn:schemas-upnp-org:service:WANIPConnection:1", Ip2 = "urn:schemas-upnp-org:service:WANIPConnection:2",
        Ppp = "urn:schemas-upnp-org:service:WANPPPConnection:1", Layer3 = "urn:schemas-upnp-org:service:Layer3Forwarding:1";

    static readonly Uri Location = new("http://10.0.0.1:80/x");

    static IReadOnlyList<UpnpService>? Read(string text) => UpnpDocument.ReadServices(Encoding.UTF8.GetBytes(text), Location, IPv4Address.Parse("10.0.0.1"));

    static string Service(string type, string control) => $"<service><serviceType>{type}</serviceType><controlURL>{control}</controlURL></service>";

    static IEnumerable<string> Controls(string services) => Read($"<root>{services}</root>")!.Select(service => service.Control.AbsolutePath);

    [Test]
    public void Services_ComeTheBestFirst_AndEachOnce() => Assert.That(
        Controls(Service(Ppp, "/c") + Service(Layer3, "/no") + Service(Ip1, "/b") + Service(Ip1, "/b") + Service(Ip2, "/a") + Service(Ip1, "/B")),
        Is.EqualTo(new[] { "/a", "/b", "/B", "/c" }));

    [Test]
    public void Services_OfWhichThereAreMany_AreTheFirstEight() =>
        Assert.That(Controls(string.Concat(Enumerable.Range(0, 9).Select(i => Service(Ip1, $"/{i}")))), Is.EqualTo(Enumerable.Range(0, 8).Select(i => $"/{i}")));

    [TestCase("<service><controlURL>/a</controlURL></service>")]
    [TestCase($"<service><serviceType>{Ip1}</serviceType></service>")]
    [TestCase($"<service><serviceType>{Ip1}</serviceType><controlURL/></service>")]
    [TestCase($"<device><serviceType>{Ip1}</serviceType><controlURL>/a</controlURL></device>")]
    [TestCase($"<service><serviceType>{Layer3}</serviceType><controlURL>/a</controlURL></service>")]
    [TestCase($"<service><serviceType>{Ip1}</serviceType><controlURL>http://[</controlURL></service>")]
    public void PartOfAService_IsNone(string service) => Assert.That(Controls(service), Is.Empty);

    [Test]
    public void CommentsAndInstructions_AreRead_Over() => Assert.That(
        Controls($"<!-- a --><?b c?><service><serviceType>{Ip1}<!-- d --></serviceType><controlURL><?e?>/a</controlURL></service>"), Is.EqualTo(new[] { "/a" }));

    [TestCase(0, true)]
    [TestCase(1, false)]
    public void Description_OfTheLargestSize_IsRead(int more, bool isRead)
    {
        string text = $"<root>{Service(Ip1, "/a")}</root>";
        text = text.Replace("</root>", new string(' ', 65_536 - text.Length + more) + "</root>", StringComparison.Ordinal);
        Assert.That(Read(text) is not null, Is.EqualTo(isRead));
    }

    static UpnpAnswer Answer(string body) => UpnpDocument.ReadAnswer(Encoding.UTF8.GetBytes($"<Envelope><Body>{body}</Body></Envelope>"));

    [TestCase("718", 718)]
    [TestCase("1", 1)]
    [TestCase("0", UpnpAnswer.Unreadable)]
    [TestCase("-718", UpnpAnswer.Unreadable)]
    [TestCase("many", UpnpAnswer.Unreadable)]
    [TestCase("", UpnpAnswer.Unreadable)]
    public void Fault_HasTheCodeThatItNames(string code, int expected) => Assert.That(Answer($"<Fault><errorCode>{code}</errorCode></Fault>").Error, Is.EqualTo(expected));

    [Test]
    public void AnswerThatIsNoDocument_IsUnreadable() => Assert.That(UpnpDocument.ReadAnswer("<Envelope>"u8.ToArray()).Error, Is.EqualTo(UpnpAnswer.Unreadable));

    [TestCase("203.0.113.5", "203.0.113.5"), TestCase("", null), TestCase("router.example", null)]
    public void ExternalAddress_IsTakenWhenItIsOne(string text, string? expected)
    {
        var answer = Answer($"<NewExternalIPAddress> {text} </NewExternalIPAddress>");
        Assert.That((answer.Error, answer.Address?.ToString()), Is.EqualTo((0, expected)));
    }

    [TestCase("10.0.0.7", "4000", "10.0.0.7:4000"), TestCase("10.0.0.7", "65536", null), TestCase("host", "4000", null), TestCase("", "", null)]
    public void InternalClient_IsTakenWhenAddressAndPortAreOne(string client, string port, string? expected)
    {
        var answer = Answer($"<NewInternalClient>{client}</NewInternalClient><NewInternalPort>{port}</NewInternalPort>"
            + "<NewPortMappingDescription>Teredo</NewPortMappingDescription>");
        Assert.That((answer.InternalClient?.ToString(), answer.Description), Is.EqualTo((expected, "Teredo")));
    }

    // The numbers of WANIPConnection:2 §2.5.18 and UPnP Device Architecture 1.1 §3.2.2.
    [TestCase(401, "invalid action"), TestCase(402, "invalid arguments"), TestCase(501, "action failed"), TestCase(606, "not authorised")]
    [TestCase(718, "ports are taken"), TestCase(729, "ports are taken"), TestCase(724, "must equal"), TestCase(600, "error 600"), TestCase(714, "error 714")]
    [TestCase(UpnpAnswer.Unreadable, "no readable answer")]
    public void Error_HasAName(int error, string name) => Assert.That(new UpnpAnswer { Error = error }.ErrorName, Does.Contain(name));

    [Test]
    public void Call_NamesServiceActionAndArguments()
    {
        string text = Encoding.UTF8.GetString(UpnpDocument.WriteCall(Ip1, "AddPortMapping", [("NewProtocol", "UDP"), ("NewLeaseDuration", "0")]));
        Assert.That(text, Does.Contain($"<u:AddPortMapping xmlns:u=\"{Ip1}\"><NewProtocol>UDP</NewProtocol><NewLeaseDuration>0</NewLeaseDuration></u:AddPortMapping>"));
    }
}
