using System.Diagnostics;

namespace TeredoSdk.Cli.Tests;

/// <summary>Arguments: what is wrong is said in a sentence, with exit code 2.</summary>
public sealed class ArgumentTests
{
    const string Peer = "[2001:0:cb00:7178:0:efff:3fff:fdfe]:1";

    [TestCase("'frobnicate'", "frobnicate")]
    [TestCase("command", "")]
    [TestCase("ADDRESS", "decode")]
    [TestCase("'hello'", "decode hello")]
    [TestCase("'-5'", "listen -5")]
    [TestCase("'65536'", "listen 65536")]
    [TestCase("'many'", "listen many")]
    [TestCase("'2'", "listen 1 2")]
    [TestCase("'peer.example'", "connect peer.example")]
    [TestCase("'2001:0:cb00::1:80'", "connect 2001:0:cb00::1:80")]
    [TestCase("'[::1]:0'", "connect [::1]:0")]
    [TestCase("'[::1]:70000'", "connect [::1]:70000")]
    [TestCase("--prefix is 2001:db8::/32; expected none without an --interface", "relay --address 192.0.2.1 --prefix 2001:db8::/32")]
    [TestCase("'2001:db8'", "relay --address 192.0.2.1 --interface r --prefix 2001:db8")]
    [TestCase("'2001:db8::/129'", "relay --address 192.0.2.1 --interface r --prefix 2001:db8::/129")]
    [TestCase("'[2001:db8::]/32'", "relay --address 192.0.2.1 --interface r --prefix [2001:db8::]/32")]
    [TestCase("'fe80::%1/64'", "relay --address 192.0.2.1 --interface r --prefix fe80::%1/64")]
    [TestCase("'10.0.0.0/8'", "relay --address 192.0.2.1 --interface r --prefix 2001:db8::/32 --prefix 10.0.0.0/8")]
    [TestCase("Option '--address' is required.", "relay --interface r")]
    [TestCase("--port is '65536'", "relay --address 192.0.2.1 --port 65536")]
    [TestCase("--native-ipv6 is 'BESIDE'; expected beside or instead", "client --native-ipv6 BESIDE")]
    [TestCase("ADDR is '[peer.example]'", "ping [peer.example]")]
    [TestCase("ADDR is 'a_b!'", "ping a_b!")]
    [TestCase("'[[2001::1]]'", "decode [[2001::1]]")]
    [TestCase("'[peer.example]:80'", "connect [peer.example]:80")]
    [TestCase("':80'", "connect :80")]
    [TestCase("'[]:80'", "connect []:80")]
    [TestCase("'[::1]:+80'", "connect [::1]:+80")]
    [TestCase("--count is '65536'", "ping ::1 -c 65536")]
    [TestCase("--linger is '-0.1'", "listen -u 1 --linger -0.1")]
    [TestCase("--port is '65536'", "server --address 127.0.0.1 --allow-private --port 65536")]
    [TestCase("RATE:BURST such as 20:50", "server --address 127.0.0.1 --allow-private --destination-limit 1:0")]
    [TestCase("RATE:BURST such as 20:50", "server --address 127.0.0.1 --allow-private --address-answer-limit 1:2:3")]
    [TestCase("'never'", "client --native-ipv6 never")]
    [TestCase("--linger", $"connect -u {Peer} --linger -1")]
    [TestCase("--linger is '86401'; expected 0 to 86400 seconds", $"connect -u {Peer} --linger 86401")]
    [TestCase("--linger is '86400.1'", "listen -u 1 --linger 86400.1")]
    [TestCase("--interval is '3600.5'; expected 0.01 to 3600 seconds", "ping ::1 -i 3600.5")]
    [TestCase("--timeout is '99999999999999999999'", "status --timeout 99999999999999999999")]
    [TestCase("--refresh is '1000001'", "client --refresh 1000001")]
    [TestCase("--count", "ping ::1 -c 0")]
    [TestCase("--interval", "ping ::1 -i -1")]
    [TestCase("ADDR", "ping 1:2")]
    [TestCase("'[::1]:80'", "ping [::1]:80")]
    [TestCase("'[2001::1]:80'", "decode [2001::1]:80")]
    [TestCase("'[[::1]]:80'", "connect [[::1]]:80")]
    [TestCase("other than --address.", "server --address 127.0.0.1 --secondary-address 127.0.0.1 --allow-private")]
    [TestCase("auto or windows or interface or embedded", "status --provider miredo")]
    [TestCase("--sockets", "status --sockets raw")]
    [TestCase("--native-ipv6", "status --native-ipv6 never")]
    [TestCase("--refresh is 00:00:01; expected 5 seconds", "status --refresh 1")]
    [TestCase("--timeout", "status --timeout 0")]
    [TestCase("--timeout", "status --timeout soon")]
    [TestCase("--client-port", "status --client-port -1")]
    [TestCase("--gateway is 'router'; expected an IPv4 address", "status --gateway router")]
    [TestCase("--gateway is 255.255.255.255; expected the IPv4 address of a router", "status --gateway 255.255.255.255")]
    [TestCase("'a,b,c'", "status --server a,b,c")]
    [TestCase("Option '--address' is required.", "server")]
    [TestCase("'::1'", "server --address ::1")]
    [TestCase("--address is '1'; expected an IPv4 address such as", "server --address 1")]
    [TestCase("--address is '10.1'", "server --address 10.1")]
    [TestCase("--secondary-address is '10.1.1'", "server --address 192.0.2.1 --secondary-address 10.1.1")]
    [TestCase("--address is 127.0.0.1; expected a global unicast IPv4 address (--allow-private", "server --address 127.0.0.1")]
    [TestCase("--secondary-address", "server --address 127.0.0.1 --secondary-address 127.0.0.1 --allow-private")]
    [TestCase("--reflect-address is 127.0.0.2; expected a unicast IPv4 address other than --address and --secondary-address.",
        "server --address 127.0.0.1 --secondary-address 127.0.0.2 --reflect-address 127.0.0.2 --allow-private")]
    [TestCase("--reflect-address is 10.1.1.1; expected a global unicast IPv4 address", "server --address 81.2.69.1 --reflect-address 10.1.1.1")]
    [TestCase("--port", "server --address 127.0.0.1 --allow-private --port 0")]
    [TestCase("on or off", "server --address 127.0.0.1 --allow-private --rate-limits maybe")]
    [TestCase("RATE:BURST such as 20:50", "server --address 127.0.0.1 --allow-private --forward-limit 20")]
    [TestCase("RATE:BURST such as 20:50", "server --address 127.0.0.1 --allow-private --fair-share 0:4")]
    [TestCase("RATE:BURST such as 20:50", "server --address 127.0.0.1 --allow-private --answer-limit 2:1000001")]
    public async Task Argument_ThatIsWrong_IsNamedInTheSentence(string named, string line)
    {
        var result = await HereCommand.RunAsync(line.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        Assert.That(result.ExitCode, Is.EqualTo(2), result.ToString());
        Assert.That(result.Sentence, Does.Contain(named).And.EndsWith("."));
        Assert.That(result.ErrorLines[^2], Does.StartWith("teredo ").And.Contains("--help"));
        Assert.That(result.Output, Is.Empty);
    }

    [Test]
    public async Task Argument_WithControlCharacters_IsShownWithoutThem()
    {
        var result = await HereCommand.RunAsync("decode", "\e[31m");
        Assert.That(result.ExitCode, Is.EqualTo(2), result.ToString());
        Assert.That(result.Sentence, Does.StartWith("ADDRESS is '\uFFFD[31m'"));
    }

    [TestCase("listen 65536 --json")]
    [TestCase("status --refresh 1 --json")]
    [TestCase("frobnicate --json")]
    [TestCase("decode --json=true hello")]
    public async Task BadArguments_WithJson_AreADocument(string line)
    {
        var result = await HereCommand.RunAsync(line.Split(' '));
        Assert.That(result.ExitCode, Is.EqualTo(2), result.ToString());
        Assert.That(result.Document.GetProperty("error").GetString(), Is.EqualTo("badArguments"));
        Assert.That(result.Document.GetProperty("problem").GetString(), Is.EqualTo(result.Sentence));
    }

    [Test]
    public async Task BadArguments_WithoutJson_AreNoDocument([Values("decode --json=false hello", "listen 65536")] string line)
    {
        var result = await HereCommand.RunAsync(line.Split(' '));
        Assert.That(result.ExitCode, Is.EqualTo(2), result.ToString());
        Assert.That(result.Output, Is.Empty);
    }

    [TestCase("decode hello 2>/dev/full", 2)]
    [TestCase("decode hello --json >/dev/full", 2)]
    [TestCase("decode ::1 --json >/dev/full 2>/dev/full", 1)]
    public async Task Output_ThatCannotBeWritten_ChangesNoExitCode(string line, int exitCode)
    {
        if (!File.Exists("/dev/full"))
            Assert.Ignore("There is no /dev/full here.");
        using var shell = Process.Start(new ProcessStartInfo("sh", ["-c", $"exec ./teredo {line}"]) { WorkingDirectory = AppContext.BaseDirectory })!;
        await shell.WaitForExitAsync();
        Assert.That(shell.ExitCode, Is.EqualTo(exitCode));
    }

    [TestCase("--help", "listen")]
    [TestCase("listen --help", "--echo")]
    [TestCase("--version", "0.")]
    public async Task HelpAndVersion_GoToStdout(string line, string expected)
    {
        var result = await CommandProcess.RunAsync(line.Split(' '));
        Assert.That(result.ExitCode, Is.Zero, result.ToString());
        Assert.That(result.Text, Does.Contain(expected));
        Assert.That(result.ErrorLines, Is.Empty);
    }
}
