using NUnit.Framework.Interfaces;
using TeredoSdk.Platform.Tests.Network;
using TeredoSdk.Platform.Tests.Programs;

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

    /// <summary>Starts a lab with two hosts, each behind a port-restricted NAT of its own, and a server of ours that runs.</summary>
    private protected async Task<(LabHost Server, LabHost Alice, LabHost Bob)> StartTwoHomesAsync()
    {
        var lab = NewLab();
        var server = lab.AddServer();
        var alice = lab.AddNat("nat1", NatKind.PortRestricted).AddHost("alice");
        var bob = lab.AddNat("nat2", NatKind.PortRestricted).AddHost("bob");
        await lab.StartAsync();
        await TeredoProgram.StartServerAsync(server);
        return (server, alice, bob);
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
