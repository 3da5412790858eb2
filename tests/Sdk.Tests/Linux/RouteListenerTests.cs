using System.Runtime.Versioning;
using TeredoSdk.Machine.Linux;
using TeredoSdk.Telemetry;

namespace TeredoSdk.Tests.Linux;

/// <summary>The end of a listener for changes of the network; what it hears, tests of whole machines show.</summary>
[Platform("Linux"), SupportedOSPlatform("linux")]
sealed class RouteListenerTests
{
    [Test]
    public async Task End_IsNoChange_AndNoFailure()
    {
        int changes = 0;
        var log = new Recorder();
        var listener = new RouteListener(() => changes++, log);
        await Task.Delay(10); // so that it waits, most times
        listener.Dispose();
        await listener.Completion.InTime();
        Assert.That((changes, log.Of(EventIds.ReceiveFailed).Count, log.Of(EventIds.EngineFault).Count), Is.EqualTo((0, 0, 0)));
    }
}
