using System.Net.Sockets;
using System.Text;

namespace TeredoSdk.Cli.Tests;

/// <summary>A service of systemd says when it is ready (sd_notify(3)).</summary>
[Platform("Linux")]
public sealed class ServiceManagerTests
{
    [TestCase("")]
    [TestCase("@")] // an abstract address
    public async Task Server_ThatServes_IsReady(string prefix)
    {
        using var lab = Loopback.WithoutServer();
        string name = Path.Combine(Path.GetTempPath(), $"teredo-{Guid.NewGuid():N}");
        using var manager = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        manager.Bind(new UnixDomainSocketEndPoint(prefix == "@" ? $"\0{name}" : name));
        try
        {
            using var server = Start(lab, prefix + name);
            using var limit = new CancellationTokenSource(Patience.Limit);
            byte[] told = new byte[100];
            int length = await manager.ReceiveAsync(told, limit.Token);
            Assert.That(Encoding.ASCII.GetString(told, 0, length), Is.EqualTo("READY=1"));
            server.Terminate();
            Assert.That((await server.ExitCodeAsync(), server.ErrorLines.Count(line => line.Contains("manager", StringComparison.Ordinal))), Is.EqualTo((0, 0)));
        }
        finally
        {
            File.Delete(name);
        }
    }

    [TestCase("@~")]
    [TestCase("/nonexistent/notify")]
    public async Task ManagerThatIsNotThere_IsSaid_AndTheServerGoesOn(string address)
    {
        using var lab = Loopback.WithoutServer();
        using var server = Start(lab, address);
        await server.LineAsync("The service manager can't be told that the service is ready (");
        server.Terminate();
        Assert.That(await server.ExitCodeAsync(), Is.Zero);
    }

    static CommandProcess Start(Loopback lab, string manager) =>
        CommandProcess.StartBy(["env", $"NOTIFY_SOCKET={manager}"], "server", "--address", $"{lab.Primary}", "--allow-private");
}
