using TeredoSdk.Platform.Tests.Programs;
using TeredoSdk.Platform.Tests.Scenarios;

namespace TeredoSdk.Platform.Tests.Doctor;

/// <summary>What a doctor is asked of a machine that serves strangers, which the command does not ask: a firewall that shuts them out.</summary>
sealed class LinuxProbesTests : LabTests
{
    const string Stateful = "nft 'table inet filter {\n chain input { type filter hook input priority 0; policy drop;\n ct state established,related accept\n iif lo accept\n }\n }'";

    [TestCase("-")]
    [TestCase("3544", "linux.service-port-blocked")]
    public async Task StatefulFirewall_ShutsStrangersOut_AndNobodyElse(string servicePort, params string[] findings)
    {
        var lab = NewLab();
        var server = lab.AddServer();
        var machine = lab.AddPublicHost("machine", native: false);
        await lab.StartAsync();
        await machine.ShellAsync(Stateful);
        var process = machine.Start(BuildOutput.Executable(Talker.Folder, Talker.Assembly), ["doctor", $"{server.Address}", servicePort]);
        Assert.That(await process.WaitForExitAsync(), Is.Zero, () => process.Transcript);
        Assert.That(process.Output, Does.EndWith("asked"), () => process.Transcript);
        Assert.That(process.Output.Split('\n').Where(line => line.StartsWith("found ", StringComparison.Ordinal)).Select(line => line["found ".Length..]), Is.EqualTo(findings));
    }
}
