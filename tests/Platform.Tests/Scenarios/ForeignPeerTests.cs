using TeredoSdk.Platform.Tests.Network;
using TeredoSdk.Platform.Tests.Programs;

namespace TeredoSdk.Platform.Tests.Scenarios;

/// <summary>TCP inside the process of an ordinary user, and programs that nobody here wrote over the kernel's TCP of another machine.</summary>
public class ForeignPeerTests : LabTests
{
    const int PayloadOctets = 20_000_000;
    const string Answer = "HTTP/1.0 200 OK\r\nContent-Length: 20000000\r\n\r\n";

    [Test]
    public async Task TcpInTheProcess_CarriesWhatTheyAskFor_AndTsharkFindsNoFault()
    {
        var (server, alice, bob) = await StartTwoHomesAsync();
        string[] asking = ["--datapath", "batches", .. TeredoProgram.Asking(server)]; // each datagram alone on the wire: no decoder knows trains of them
        string[] inProcess = ["--sockets", "in-process", .. asking];
        string payload = Path.Combine(bob.Lab.Scratch, "payload");
        string hash = await bob.RunAsync("sh", "-c", $"base64 -w 900 /dev/urandom | head -c {PayloadOctets} | tee {payload} | sha256sum");
        var client = TeredoProgram.Start(bob, ["client", .. asking], new());
        const string has = "interface teredo has ";
        string address = (await client.WaitForLineAsync(line => line.StartsWith(has, StringComparison.Ordinal)))[has.Length..];
        var capture = await Capture.StartAsync(alice, filter: "udp");

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

        string[] faults = await capture.JudgeInnerAsync(alice, "_ws.malformed || tcp.checksum.status == 0 || _ws.expert.severity == error");
        Assert.That(faults, Is.Empty);
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

    // A command of ours between two shell commands. No shell is around it, which would hold its output open.
    static LabProcess StartPipe(LabHost host, string before, string behind, string[] arguments)
    {
        string script = $"{{ {before}; }} | \"$@\" | {{ {behind}; }}";
        return host.Start("sh", ["-c", script, "sh", TeredoProgram.Path, .. arguments], StartOptions.User);
    }

    static Task<string> PipeAsync(LabHost host, string before, string behind, string[] arguments) => EndAsync(StartPipe(host, before, behind, arguments));

    static async Task<string> EndAsync(LabProcess process)
    {
        Assert.That(await process.WaitForExitAsync(Patience.LongLimit), Is.Zero, () => process.Transcript);
        Assert.That(process.Errors, Does.Not.Contain("failed").And.Not.Contain("error"), process.Transcript);
        return process.Output;
    }
}
