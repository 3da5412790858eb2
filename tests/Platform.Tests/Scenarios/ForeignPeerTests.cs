using System.Net;
using System.Text.Json;
using TeredoSdk.Platform.Tests.Network;
using TeredoSdk.Platform.Tests.Programs;

namespace TeredoSdk.Platform.Tests.Scenarios;

/// <summary>TCP inside the process of an ordinary user, and programs that nobody here wrote over the kernel's TCP of another machine.</summary>
public class ForeignPeerTests : LabTests
{
    const int PayloadOctets = 20_000_000, MeasuredOctets = 100_000_000;
    const string Answer = "HTTP/1.0 200 OK\r\nContent-Length: 20000000\r\n\r\n";

    [Test]
    public async Task TcpInTheProcess_CarriesWhatTheyAskFor_AndTsharkFindsNoFault()
    {
        var (server, alice, bob) = await StartTwoHomesAsync();
        string[] asking = ["--datapath", "batches", .. TeredoProgram.Asking(server)]; // each datagram alone on the wire: no decoder knows trains of them
        string[] inProcess = ["--sockets", "in-process", .. asking];
        string payload = Path.Combine(bob.Lab.Scratch, "payload");
        string hash = await bob.RunAsync("sh", "-c", $"base64 -w 900 /dev/urandom | head -c {PayloadOctets} | tee {payload} | sha256sum");
        var (_, address) = await TeredoProgram.StartClientAsync(bob, server, "--datapath", "batches");
        var capture = await Capture.StartAsync(alice, filter: "udp", hasTrains: false);

        await StartNginxAsync(bob, payload);
        var browsing = StartPipe(alice, "cat", "sed '1,/^\\r$/d' | sha256sum", ["connect", $"[{address}]:8080", .. inProcess]);
        await browsing.Input.WriteAsync("GET /payload HTTP/1.0\r\n\r\n");
        await browsing.Input.FlushAsync();
        await browsing.WaitForLineAsync("  -"); // to end one's own direction earlier would be to give up, as nginx sees it
        browsing.Input.Close();
        Assert.That(await EndAsync(browsing), Is.EqualTo(hash), "nginx");

        var answering = StartPipe(alice, $"printf '{Answer.Replace("\r", "\\r").Replace("\n", "\\n")}'; cat {payload}", "cat >/dev/null", ["listen", "8081", .. inProcess]);
        var endPoint = await TeredoProgram.EndPointOfAsync(answering);
        Assert.That(await bob.RunAsync("sh", "-c", $"curl -sS --no-buffer http://[{endPoint.Address}]:{endPoint.Port}/ | sha256sum"), Is.EqualTo(hash), "curl");

        var taking = StartPipe(alice, ":", "sha256sum", ["listen", "8082", .. inProcess]);
        endPoint = await TeredoProgram.EndPointOfAsync(taking);
        await bob.RunAsync("socat", "-u", $"FILE:{payload}", $"TCP6:[{endPoint.Address}]:{endPoint.Port}");
        Assert.That(await EndAsync(taking), Is.EqualTo(hash), "socat");

        bob.Start("socat", ["TCP6-LISTEN:8083,fork", "EXEC:cat"], StartOptions.User);
        string echoed = await PipeAsync(alice, $"sleep 1; cat {payload}", "sha256sum", ["connect", $"[{address}]:8083", .. inProcess]);
        Assert.That(echoed, Is.EqualTo(hash), "socat's echo");

        Assert.That(await capture.JudgeInnerAsync(alice), Is.Empty);
    }

    // Its TCP knows neither timestamps nor selective acknowledgements, and has windows of 64 KB.
    [Test]
    public async Task TcpInTheProcess_AndLwip_ExchangeFilesInBothDirectionsAtOnce_WhoeverConnects()
    {
        const int port = 8084;
        var lab = NewLab();
        var (server, relay, native) = (lab.AddServer(), lab.AddRelay(), lab.AddNativeHost());
        var alice = lab.AddNat("nat1", NatKind.PortRestricted).AddHost("alice");
        await lab.StartAsync();
        await Task.WhenAll(TeredoProgram.StartServerAsync(server, new()), TeredoProgram.StartRelayAsync(relay, "--datapath", "batches"), LwipPeer.PrepareAsync(native));
        string[] asking = ["--sockets", "in-process", "--datapath", "batches", .. TeredoProgram.Asking(server)];
        var capture = await Capture.StartAsync(alice, filter: "udp", hasTrains: false);
        var (ours, theirs) = (await PayloadAsync(alice), await PayloadAsync(native));

        var listening = StartPipe(alice, $"cat {ours.Path}", "sha256sum", ["listen", $"{port}", .. asking]);
        var endPoint = await TeredoProgram.EndPointOfAsync(listening);
        string connecting = await EndAsync(await StartLwipAsync("connect", $"{endPoint.Address}", $"{port}"));
        Assert.That(connecting, Is.EqualTo(ours.Hash), "what lwIP got of a listener");
        Assert.That(await EndAsync(listening), Is.EqualTo(theirs.Hash), "what a listener got of lwIP");

        var accepting = await StartLwipAsync("listen", $"{port}");
        await accepting.WaitForLineAsync("listening");
        string dialled = await PipeAsync(alice, $"cat {ours.Path}", "sha256sum", ["connect", $"[{LwipPeer.Address}]:{port}", .. asking]);
        Assert.That(dialled, Is.EqualTo(theirs.Hash), "what lwIP sent to who dialled it");
        Assert.That(await EndAsync(accepting), Is.EqualTo(ours.Hash), "what lwIP got of who dialled it");
        Assert.That(await capture.JudgeInnerAsync(alice), Is.Empty);

        async Task<LabProcess> StartLwipAsync(params string[] what) =>
            StartPipe(native, $"cat {theirs.Path}", "sha256sum", new(), [await LwipPeer.ProgramAsync, .. LwipPeer.Arguments(what)]);
    }

    // A forwarder of the tests lends it TCP inside the process, on the side where it dials or where it is dialled.
    [Test]
    public async Task TcpInTheProcess_CarriesIperf3_InBothDirections_WhoeverConnects()
    {
        const int port = 5201;
        var (server, alice, bob) = await StartTwoHomesAsync();
        var (_, address) = await TeredoProgram.StartClientAsync(bob, server);

        await ServeAsync(bob, port);
        var dialling = Talker.Run(alice, [server], $"forward out [{address}]:{port}");
        await dialling.WaitForLineAsync("listening ");
        await MeasureAsync(alice, "127.0.0.1", port);

        await ServeAsync(alice, port + 1);
        var answering = Talker.Run(alice, [server], $"forward in {port + 1}");
        var endPoint = IPEndPoint.Parse((await answering.WaitForLineAsync("listening ")).Split(' ')[1]);
        await MeasureAsync(bob, $"{endPoint.Address}", port + 1);
    }

    static Task<string> ServeAsync(LabHost host, int port) =>
        host.Start("iperf3", ["-s", "-p", $"{port}", "--forceflush"], StartOptions.User).WaitForLineAsync("Server listening");

    static async Task MeasureAsync(LabHost host, string target, int port)
    {
        foreach (string[] direction in new string[][] { [], ["-R"] })
        {
            string report = await host.RunAsync("iperf3", ["-J", "-c", target, "-p", $"{port}", "-P", "2", "-n", $"{MeasuredOctets}", .. direction]);
            var received = JsonDocument.Parse(report).RootElement.GetProperty("end").GetProperty("sum_received");
            TestContext.Out.WriteLine($"iperf3 {string.Concat(direction)} from {host.Name}: {received.GetProperty("bits_per_second").GetDouble() / 1e6:F0} Mbit/s");
            Assert.That(received.GetProperty("bytes").GetInt64(), Is.GreaterThan(MeasuredOctets / 2), "what buffers hold when the sender is done does not count for iperf3");
        }
    }

    /// <summary>A file of random octets, and what sha256sum says of them.</summary>
    sealed record Payload(string Path, string Hash);

    static async Task<Payload> PayloadAsync(LabHost host)
    {
        string path = Path.Combine(host.Lab.Scratch, $"payload-{host.Name}");
        return new(path, await host.RunAsync("sh", "-c", $"head -c {PayloadOctets} /dev/urandom | tee {path} | sha256sum"));
    }

    static async Task StartNginxAsync(LabHost host, string file)
    {
        string configuration = Path.Combine(host.Lab.Scratch, "nginx.conf");
        await File.WriteAllTextAsync(configuration, $$"""
            daemon off;
            user root; # who may read the file
            pid {{configuration}}.pid;
            error_log stderr;
            events {}
            http {
              access_log off;
              server { listen [::]:8080; location /payload { alias {{file}}; } }
            }
            """);
        host.Start("nginx", ["-c", configuration], new());
        await host.ShellAsync("until curl -gs -o /dev/null http://[::1]:8080/; do sleep 0.05; done");
    }

    static LabProcess StartPipe(LabHost host, string before, string behind, string[] arguments) =>
        StartPipe(host, before, behind, StartOptions.User, [TeredoProgram.Path, .. arguments]);

    // A command between two shell commands. No shell is around it, which would hold its output open.
    static LabProcess StartPipe(LabHost host, string before, string behind, StartOptions options, string[] command) =>
        host.Start("sh", ["-c", $"{{ {before}; }} | \"$@\" | {{ {behind}; }}", "sh", .. command], options);

    static Task<string> PipeAsync(LabHost host, string before, string behind, string[] arguments) => EndAsync(StartPipe(host, before, behind, arguments));

    static async Task<string> EndAsync(LabProcess process)
    {
        Assert.That(await process.WaitForExitAsync(Patience.LongLimit), Is.Zero, () => process.Transcript);
        Assert.That(process.Errors, Does.Not.Contain("failed").And.Not.Contain("error"), process.Transcript);
        return process.Output;
    }
}
