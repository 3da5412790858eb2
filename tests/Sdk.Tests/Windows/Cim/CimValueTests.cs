using TeredoSdk.Windows;
using TeredoSdk.Windows.Native.Cim;

namespace TeredoSdk.Tests.Windows.Cim;

public class CimValueTests
{
    [TestCase(6, TeredoType.EnterpriseClient)]
    [TestCase(0, TeredoType.Default)]
    [TestCase("4", TeredoType.Disabled)]
    [TestCase("Enterprise Client", TeredoType.EnterpriseClient)]
    [TestCase("natawareclient", TeredoType.NatAwareClient)]
    [TestCase("Klient", null)]
    [TestCase(7, TeredoType.NatAwareClient)]
    [TestCase(8, null)]
    [TestCase(null, null)]
    public void Type_NumberOrWord_IsTaken(object? value, TeredoType? expected) => Assert.That(CimValue.Type(value), Is.EqualTo(expected));

    [TestCase("Qualified", TeredoClientState.Qualified)]
    [TestCase("dormant", TeredoClientState.Dormant)]
    [TestCase("probe (secondary server)", TeredoClientState.Probe)]
    [TestCase("Disabled", TeredoClientState.Inactive)]
    public void Status_KnownWord_IsTheState(string value, TeredoClientState expected) =>
        Assert.That(CimValue.Status(value, "none").State, Is.EqualTo(expected));

    [Test]
    public void Status_UnknownWord_IsKeptAsTheSystemSaidIt()
    {
        var status = CimValue.Status("Ruhend", "Kein Server");
        Assert.Multiple(() =>
        {
            Assert.That(status.State, Is.EqualTo(TeredoClientState.Unknown));
            Assert.That(status.Error, Is.EqualTo("Ruhend: Kein Server"));
            Assert.That(CimValue.Status(3, null).Error, Is.EqualTo("3"));
        });
    }

    [Test]
    public void Status_Offline_HasTheError() => Assert.That(CimValue.Status("offline", " no server ").Error, Is.EqualTo("no server"));

    [TestCase(true, true)]
    [TestCase("False", false)]
    [TestCase(1, true)]
    [TestCase("yes", null)]
    public void Flag_BooleanNumberOrWord_IsTaken(object value, bool? expected) => Assert.That(CimValue.Flag(value), Is.EqualTo(expected));
}
