using TeredoSdk.Engine.Echo;
using TeredoSdk.Protocol;

namespace TeredoSdk.Tests;

/// <summary>How many echoes are sent in a second, whenever it starts.</summary>
public sealed class EchoLimiterTests
{
    [Test]
    public void Echoes_InAnySecond_AreLimited()
    {
        var limiter = new EchoLimiter(2);
        Assert.That(Array.ConvertAll(new[] { 0, 0.6, 0.999, 1, 1.599, 1.6, 1.7 }, at => limiter.TryTake(Instant.FromSeconds(at))),
            Is.EqualTo(new[] { true, true, false, true, false, true, false }));
    }
}
