using System.Net;
using TeredoSdk.Links.Interface;
using TeredoSdk.Machine;
using TeredoSdk.Protocol;

namespace TeredoSdk.Tests.Interface;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public class InterfaceSearchTests
{
    const string Public = "2001:0:4136:e378:8000:63bf:3fff:fdd2"; // 65.54.227.120, 192.0.2.45:40000
    const string Global = "2001:0:4136:e378:0:63bf:f7f7:f7f7";     // 65.54.227.120, 8.8.8.8:40000

    InterfaceTable _table = new();

    [SetUp]
    public void MakeTable() => _table = new();

    TeredoInterface? Find(out string problem, bool allowPrivate = false)
    {
        var found = new InterfaceSearch(_table, allowPrivate).Find(out var finding);
        problem = finding.Sentence;
        return found;
    }

    [Test]
    public void Search_TeredoAddressWithItsRoute_IsFoundAmongOthers()
    {
        _table.Set(Global);
        _table.Candidates.Insert(0, new("eth0", 2, 1500, IPv6Address.Parse("2001:db8::1")));
        _table.Candidates.Insert(1, new("eth0", 2, 1500, IPv6Address.Parse("fe80::1")));
        Assert.That(Find(out _), Is.EqualTo(new TeredoInterface("teredo", 7, 1280, TeredoAddress.Parse(Global))));
    }

    [TestCase("2001:db8::1")]
    [TestCase("3ffe:831f:4136:e378:0:63bf:f7f7:f7f7")] // of Teredo's first years, which nobody routes
    public void Search_NoTeredoAddress_SaysWhatToStart(string address)
    {
        _table.Candidates.Add(new("eth0", 2, 1500, IPv6Address.Parse(address)));
        Assert.That(Find(out string problem), Is.Null);
        Assert.That(problem, Does.Contain("miredo").And.Contain("embedded"));
    }

    [Test]
    public void Search_MappedAddressNotPublic_IsRefused_UnlessPrivateOnesAreAllowed()
    {
        _table.Set(Public);
        Assert.That(Find(out string problem), Is.Null);
        Assert.That(problem, Does.Contain("192.0.2.45").And.Contain(nameof(TeredoOptions.AllowPrivateAddresses)));
        Assert.That(Find(out _, allowPrivate: true), Is.Not.Null);
    }

    [Test]
    public void Search_SeveralThatCannotBeUsed_TellsOfTheFirst()
    {
        _table.Set(Public);
        _table.Candidates.Add(new("other", 8, 1280, IPv6Address.Parse("2001:0:4136:e378:0:63bf:3fff:fdd3"))); // 192.0.2.44
        Assert.That(Find(out string problem), Is.Null);
        Assert.That(problem, Does.Contain("192.0.2.45").And.Not.Contain("192.0.2.44"));
    }

    [Test]
    public void Search_NoRouteToTeredoAddresses_NamesTheRoute()
    {
        _table.Set(Global);
        _table.Source = null;
        Assert.That(Find(out string problem), Is.Null);
        Assert.That(problem, Does.Contain("no route").And.Contain("2001::/32 over teredo"));
    }

    [Test]
    public void Search_RouteOverAnotherInterface_NamesTheOtherSource()
    {
        _table.Set(Global);
        _table.Source = IPAddress.Parse("2001:db8::1");
        Assert.That(Find(out string problem), Is.Null);
        Assert.That(problem, Does.Contain("2001:db8::1").And.Contain("2001::/32 over teredo"));
    }

    [Test]
    public void Search_FirstInterfaceHasAFlaw_TakesTheNext()
    {
        _table.Set(Global);
        _table.Candidates.Insert(0, new("old", 3, 1280, IPv6Address.Parse(Public)));
        Assert.That(Find(out _)?.Name, Is.EqualTo("teredo"));
    }
}
