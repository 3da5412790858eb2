using System.Globalization;
using System.Reflection.PortableExecutable;
using System.Runtime.InteropServices;
using System.Text.Json;
using TeredoSdk.Platform.Tests.Network;
using TeredoSdk.Platform.Tests.Programs;

namespace TeredoSdk.Platform.Tests.Scenarios;

/// <summary>
/// The command as it is published: natively compiled for linux-x64, without a warning; it does what the tool does, and is small. For win-x64 it is compiled
/// beforehand; the tests of Wine run the same code from the folder that it was built in.
/// </summary>
public class NativeCommandTests : LabTests
{
    const int MostIdleKilobytes = 20_000; // resident, after the start

    [Test]
    public async Task PublishedCommand_HelpsDecodesReportsListensAndConnects_AndIsSmallWhileIdle()
    {
        if (RuntimeInformation.OSArchitecture != Architecture.X64)
            Assert.Ignore("The command is natively compiled for x64 only.");
        string teredo = await NativeProgram.PublishAsync("src/TeredoSdk.Cli", "teredo", "-r linux-x64");
        Assert.That(File.Exists(Path.Combine(Path.GetDirectoryName(teredo)!, "TeredoSdk.dll")), Is.False, "compiled into the program");
        var lab = NewLab();
        var server = lab.AddServer();
        var alice = lab.AddNat("nat1", NatKind.PortRestricted).AddHost("alice");
        var bob = lab.AddNat("nat2", NatKind.PortRestricted).AddHost("bob");
        await lab.StartAsync();
        string[] asking = TeredoProgram.Asking(server);

        Assert.That(await RunAsync(bob, "", ["--help"]), Does.Contain("listen").And.Contain("Exit codes: 0 success"));
        Assert.That(await RunAsync(bob, "", ["decode", "2001:0:4136:e378:8000:63bf:3fff:fdd2"]), Does.Contain("mapped endpoint 192.0.2.45:40000"));

        string[] addresses = [.. server.Links[0].Addresses.Select(address => address.Split('/')[0])];
        var serving = Start(server, ["server", "--address", addresses[0], "--secondary-address", addresses[1], "--allow-private"]);
        await serving.WaitForLineAsync("serving on");
        using (var status = JsonDocument.Parse(await RunAsync(bob, "", ["status", "--json", .. asking])))
            Assert.That(status.RootElement.GetProperty("state").GetString(), Is.EqualTo("qualified"));

        var listening = Start(alice, ["listen", "5000", "--echo", .. asking]);
        var endPoint = await TeredoProgram.EndPointOfAsync(listening);
        const string text = "over a tunnel of natively compiled nodes\n";
        Assert.That(await RunAsync(bob, text, ["connect", $"{endPoint}", .. asking]), Is.EqualTo(text.TrimEnd('\n')));

        var idle = Start(bob, ["client", .. asking], new());
        await idle.WaitForLineAsync("interface teredo has");
        foreach (var process in new[] { serving, listening, idle })
        {
            Assert.That(() => ResidentKilobytes(process.Id), Is.LessThan(MostIdleKilobytes).After((int)Patience.Limit.TotalMilliseconds, 100), process.Transcript);
            TestContext.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"resident: {ResidentKilobytes(process.Id) / 1000.0:F1} MB"));
        }

        LabProcess Start(LabHost host, string[] arguments, StartOptions? options = null) => host.Start(teredo, arguments, options ?? StartOptions.User);

        async Task<string> RunAsync(LabHost host, string input, string[] arguments)
        {
            var process = Start(host, arguments);
            await process.Input.WriteAsync(input);
            process.Input.Close();
            Assert.That(await process.WaitForExitAsync(), Is.Zero, () => process.Transcript);
            return process.Output;
        }
    }

    [Test]
    public async Task CommandForWindows_IsCompiledBeforehand()
    {
        string folder = Path.GetDirectoryName(await NativeProgram.PublishForWindowsAsync("src/TeredoSdk.Cli", "teredo"))!;
        string[] ours = [Path.Combine(folder, "teredo.dll"), .. Directory.GetFiles(folder, "TeredoSdk*.dll")];
        Assert.That(ours, Has.Length.GreaterThanOrEqualTo(4));
        foreach (string assembly in ours)
        {
            using var image = new PEReader(File.OpenRead(assembly));
            Assert.That(image.PEHeaders.CorHeader!.ManagedNativeHeaderDirectory.Size, Is.Positive, assembly);
        }
    }

    static int ResidentKilobytes(int process) => File.ReadLines($"/proc/{process}/status").Where(line => line.StartsWith("VmRSS:", StringComparison.Ordinal))
        .Select(line => int.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], CultureInfo.InvariantCulture)).Single();
}
