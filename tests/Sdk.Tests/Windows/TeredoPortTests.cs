using TeredoSdk.Windows.Native.IpHelper;

namespace TeredoSdk.Tests.Windows;

public class TeredoPortTests
{
    const ushort Given = 0x1234, Swapped = 0x3412;

    [Test]
    public void Choose_BoundAsGiven_IsThatPort() =>
        Assert.That(TeredoPort.Choose("Call", [Given], new HashSet<int> { Given }).Value, Is.EqualTo(Given));

    [Test]
    public void Choose_BoundInTheOtherByteOrder_IsTheSwappedPort() =>
        Assert.That(TeredoPort.Choose("Call", [Given], new HashSet<int> { 53, Swapped }).Value, Is.EqualTo(Swapped));

    [Test]
    public void Choose_BothBound_IsAsGiven() =>
        Assert.That(TeredoPort.Choose("Call", [Given], new HashSet<int> { Given, Swapped }).Value, Is.EqualTo(Given));

    [Test]
    public void Choose_SecondPortBound_IsThatOne() =>
        Assert.That(TeredoPort.Choose("Call", [9, Given], new HashSet<int> { Given }).Value, Is.EqualTo(Given));

    [Test]
    public void Choose_NothingBound_IsNotKnownAndNamesBothOrders()
    {
        var port = TeredoPort.Choose("Call", [Given], new HashSet<int>());
        Assert.Multiple(() =>
        {
            Assert.That(port.IsKnown, Is.False);
            Assert.That(port.Reason, Does.Contain("Call").And.Contain($"{Given}").And.Contain($"{Swapped}"));
        });
    }
}
