using NUnit.Framework.Interfaces;
using TeredoSdk.Platform.Tests.Network;

namespace TeredoSdk.Platform.Tests;

/// <summary>Tests in labs: each lab is removed after its test, and what its programs said is printed when the test failed.</summary>
public abstract class LabTests
{
    readonly List<Lab> _labs = [];

    /// <summary>A lab to describe and start.</summary>
    private protected Lab NewLab(string internet = Lab.DocumentationInternet, bool hasRouterHop = true)
    {
        var lab = new Lab(internet) { HasRouterHop = hasRouterHop };
        _labs.Add(lab);
        return lab;
    }

    [TearDown]
    public async Task RemoveLabs()
    {
        foreach (var lab in _labs)
        {
            if (TestContext.CurrentContext.Result.Outcome.Status == TestStatus.Failed)
                TestContext.Out.WriteLine(lab.Transcript);
            await lab.DisposeAsync();
        }
        _labs.Clear();
    }
}
