using System.Text.Json;
using TeredoSdk.Platform.Tests.Network;
using TeredoSdk.Platform.Tests.Programs;
using TeredoSdk.Platform.Tests.Wine;

namespace TeredoSdk.Platform.Tests.Scenarios;

/// <summary>The embedded engine in a program for Windows, which Wine runs, behind one NAT, and a Linux peer behind another.</summary>
public class WineTests : LabTests
{
    const string Text = "a datagram to or from Windows";

    [OneTimeSetUp]
    public void RequireWine() => WineInstallation.Require();

    [Test]
    public async Task TeredoOnWindows_AndAPeerOnLinux_ReachEachOtherByPingAndUdp()
    {
        var lab = NewLab();
        var server = lab.AddServer();
        var alice = lab.AddNat("nat1", NatKind.PortRestricted).AddHost("alice");
        var bob = lab.AddNat("nat2", NatKind.PortRestricted).AddHost("bob");
        await lab.StartAsync();
        await Miredo.StartServerAsync(server);
        var windows = await WindowsHost.StartAsync(alice, NativeFakes.InstallWorkaroundAsync);
        string[] embedded = ["--provider", "embedded", .. TeredoProgram.Asking(server)];

        // Nobody names the provider: Windows' own Teredo is not there, and the report says so.
        var asked = windows.StartTeredo(["status", "--json", .. TeredoProgram.Asking(server)]);
        Assert.That(await asked.WaitForExitAsync(), Is.Zero, () => asked.Transcript);
        var report = JsonDocument.Parse(asked.Output).RootElement;
        Assert.That(report.GetProperty("provider").GetString(), Is.EqualTo("embedded"));
        Assert.That(report.GetProperty("kernelSockets").GetBoolean(), Is.False);
        Assert.That(report.GetProperty("passedOver").EnumerateArray().Select(way => way.GetProperty("way").GetString()),
            Has.Some.EqualTo("Windows").IgnoreCase);

        var echo = await TeredoProgram.ListenAsync(bob, server, "5000", "-u", "--echo");
        var ping = windows.StartTeredo(["ping", $"{echo.EndPoint.Address}", "-c", "2", .. embedded]);
        Assert.That(await ping.WaitForExitAsync(), Is.Zero, () => ping.Transcript);
        Assert.That(ping.Output, Does.Contain("2 sent, 2 received"));

        var connecting = windows.StartTeredo(["connect", "-u", $"{echo.EndPoint}", .. embedded]);
        await connecting.Input.WriteAsync(Text + "\n");
        await connecting.Input.FlushAsync();
        await connecting.WaitForLineAsync(Text);

        var listening = windows.StartTeredo(["listen", "-u", "5001", "--echo", .. embedded]);
        var endPoint = await TeredoProgram.EndPointOfAsync(listening);
        var answered = TeredoProgram.Start(bob, ["connect", "-u", $"{endPoint}", .. TeredoProgram.Asking(server)]);
        await answered.Input.WriteAsync(Text + "\n");
        await answered.Input.FlushAsync();
        await answered.WaitForLineAsync(Text);
    }

    [Test]
    public async Task TeredoOnWindows_AndAPeerOnLinux_MoveAHundredMegabytesOverTcp_InBothDirections()
    {
        const int octets = 100_000_000, port = 5002;
        var (server, alice, bob) = await StartTwoHomesAsync();
        var windows = await WindowsHost.StartAsync(alice, NativeFakes.InstallWorkaroundAsync);
        string[] asking = TeredoProgram.Asking(server), embedded = ["--provider", "embedded", .. asking];
        byte[] sent = new byte[octets];
        Random.Shared.NextBytes(sent);

        var taking = await TeredoProgram.ListenAsync(bob, server, $"{port}");
        await MoveAsync(windows.Start(WindowsHost.Teredo, ["connect", $"{taking.EndPoint}", .. embedded], Patience.LongLimit), taking.Process);

        var listening = windows.Start(WindowsHost.Teredo, ["listen", $"{port}", .. embedded], Patience.LongLimit);
        var endPoint = await TeredoProgram.EndPointOfAsync(listening);
        await MoveAsync(TeredoProgram.Start(bob, ["connect", $"{endPoint}", .. asking]), listening);

        async Task MoveAsync(LabProcess from, LabProcess to)
        {
            to.Input.Close();
            await from.Input.BaseStream.WriteAsync(sent);
            from.Input.Close();
            Assert.That(await from.WaitForExitAsync(Patience.LongLimit), Is.Zero, () => from.Transcript);
            Assert.That(await to.WaitForExitAsync(Patience.LongLimit), Is.Zero, () => to.Transcript);
            Assert.That((await to.RawOutput).AsSpan().SequenceEqual(sent));
        }
    }

    [TestCase(true), TestCase(false)]
    public async Task ChatOnWindows_AndAPeerOnLinux_TalkOverTcp_WhoeverHosts(bool windowsHosts)
    {
        var (server, alice, bob) = await StartTwoHomesAsync();
        var windows = await WindowsHost.StartAsync(alice, NativeFakes.InstallWorkaroundAsync);
        string[] asking = TeredoProgram.Asking(server);
        var host = Start(windowsHosts, ["host", "--name", "alice", .. asking]);
        string invitation = (await host.WaitForLineAsync("Invitation: ")).Trim().Split(' ')[1];
        var guest = Start(!windowsHosts, ["join", invitation, "--name", "bob", .. asking]);
        await host.WaitForLineAsync("* bob joined");
        await SayAsync(guest, "hello from a guest");
        await host.WaitForLineAsync("bob: hello from a guest");
        await SayAsync(host, "hello from a host");
        await guest.WaitForLineAsync("alice: hello from a host");
        await (windowsHosts ? host : guest).WaitForLineAsync("Lines go over TCP inside the process");
        guest.Input.Close();
        Assert.That(await guest.WaitForExitAsync(), Is.Zero, () => guest.Transcript);
        await host.WaitForLineAsync("* bob left");

        LabProcess Start(bool onWindows, string[] arguments) => onWindows ? windows.Start(WindowsHost.Chat, arguments)
            : bob.Start(BuildOutput.Executable("examples/Chat"), arguments, StartOptions.User);

        static async Task SayAsync(LabProcess chat, string line)
        {
            await chat.Input.WriteLineAsync(line);
            await chat.Input.FlushAsync();
        }
    }
}
