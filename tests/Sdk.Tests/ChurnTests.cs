using TeredoSdk.Churn;

namespace TeredoSdk.Tests;

/// <summary>The short form of the command in tests/Churn.</summary>
[NonParallelizable] // the descriptors are the process's
public sealed class ChurnTests
{
    [Slow]
    [Test]
    public async Task ConnectionsAndNodes_ThatComeAndGo_LeaveNothing()
    {
        try
        {
            Assert.That(await Run.Async(Load.Short, TestContext.Out.WriteLine, default).InTime(), Is.Empty);
        }
        catch (TeredoException e) when (e.Error == TeredoError.KernelSocketsUnavailable)
        {
            Assert.Ignore(e.Message);
        }
    }
}
