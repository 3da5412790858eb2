using TeredoSdk.Windows;
using TeredoSdk.Windows.Native.Filtering;

namespace TeredoSdk.Tests.Windows;

public class SecurityCenterTests
{
    const int S_OK = 0, S_FALSE = 1;

    [Test]
    public void Explain_Answer_IsTheHealth() => Assert.That(SecurityCenter.Explain(S_OK, 2).Value, Is.EqualTo(FirewallHealth.Poor));

    [Test]
    public void Explain_ServiceStopped_IsNotKnownAndNamesIt() => Assert.That(SecurityCenter.Explain(S_FALSE, 2).Reason, Does.Contain("wscsvc"));

    [Test]
    public void Explain_AnswerThatIsNotDocumented_IsNotKnown() => Assert.That(SecurityCenter.Explain(S_OK, 9).Reason, Does.Contain("9"));

    [Test]
    public void Explain_Failure_IsNotKnownAndNamesTheCode() =>
        Assert.That(SecurityCenter.Explain(unchecked((int)0x80070005), 0).Reason, Does.Contain("0x80070005"));
}
