namespace TeredoSdk.Cli.Tests;

/// <summary>What TCP over Teredo needs of this machine.</summary>
static class KernelSockets
{
    /// <summary>Passes the test over where there are none, and says what refuses.</summary>
    public static async Task RequireAsync(Loopback lab)
    {
        var report = (await lab.RunAsync("status", "--json")).Document;
        if (!report.GetProperty("kernelSockets").GetBoolean())
            Assert.Ignore($"No kernel sockets here: {report.GetProperty("passedOver")}");
    }
}
