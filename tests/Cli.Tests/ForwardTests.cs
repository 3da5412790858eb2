using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace TeredoSdk.Cli.Tests;

/// <summary><c>teredo forward</c> between programs of Debian's that know nothing of Teredo: nginx, curl and socat.</summary>
[Platform("Linux")]
public sealed class ForwardTests
{
    Loopback _lab = null!;
    string _folder = null!;

    [OneTimeSetUp]
    public async Task StartLab()
    {
        _lab = await Loopback.StartAsync();
        _folder = Directory.CreateTempSubdirectory("teredosdk-forward").FullName;
    }

    [OneTimeTearDown]
    public void EndLab()
    {
        _lab.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [TestCase("in-process")]
    [TestCase("auto")]
    public async Task Nginx_ServesCurl_AndIsToldThePeersAddress(string sockets)
    {
        byte[] page = RandomNumberGenerator.GetBytes(3_000_000);
        await File.WriteAllBytesAsync(Path.Combine(_folder, "page"), page);
        int port = FreePort(ProtocolType.Tcp);
        using var nginx = await StartNginxAsync(port);
        string rules = Path.Combine(_folder, "rules");
        await File.WriteAllTextAsync(rules, $"# a site\n0 127.0.0.1:{port} --proxy   # nginx expects the peer's address\n\n");
        using var far = _lab.Start("forward", "--file", rules, "--json", "--sockets", sockets);
        string peer = await far.ListeningAsync();
        using var near = _lab.Start("forward", "--to", peer, "0", "--json", "--sockets", sockets);
        string local = await near.ListeningAsync();
        Assert.That(local, Does.StartWith("127.0.0.1:"));

        string got = Path.Combine(_folder, $"got-{sockets}");
        Assert.That(await RunAsync("curl", "-sS", "--fail", "-m", "100", "-o", got, $"http://{local}/page"), Is.Empty);
        Assert.That(await File.ReadAllBytesAsync(got), Is.EqualTo(page));
        Assert.That(await RunAsync("curl", "-sS", "--fail", "-m", "100", $"http://{local}/who"), Does.StartWith("2001:"), "a Teredo address");

        foreach (var command in (CommandProcess[])[near, far])
        {
            command.Terminate();
            var result = await command.ExitAsync();
            Assert.That(result.ExitCode, Is.Zero, result.ToString());
            var forward = result.Document.GetProperty("forwards")[0];
            Assert.That(forward.GetProperty("begun").GetInt32(), Is.EqualTo(2));
            Assert.That(forward.GetProperty("octetsFromTarget").GetInt64(), Is.GreaterThan(page.Length));
        }
    }

    [Test]
    public async Task Socat_EchoesDatagrams()
    {
        int port = FreePort(ProtocolType.Udp);
        using var socat = Start("socat", $"UDP4-LISTEN:{port},bind=127.0.0.1,fork", "EXEC:cat");
        using var far = _lab.Start("forward", "-u", "0", $"127.0.0.1:{port}", "--sockets", "in-process");
        using var near = _lab.Start("forward", "-u", "--to", await far.ListeningAsync(), "0", "--sockets", "in-process");
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        await socket.ConnectAsync(IPEndPoint.Parse(await near.ListeningAsync()));
        byte[] octets = RandomNumberGenerator.GetBytes(1000), answer = new byte[2000];
        var receiving = socket.ReceiveAsync(answer);
        using var limit = new CancellationTokenSource(Patience.Limit);
        while (!receiving.IsCompleted) // any datagram may be lost, and socat may not listen yet
        {
            await socket.SendAsync(octets);
            await Task.WhenAny(receiving, Task.Delay(1000, limit.Token));
        }
        Assert.That(answer[..await receiving], Is.EqualTo(octets));
    }

    [TestCase("8080", "line 2: Expected PORT HOST:PORT")]
    [TestCase("8080 localhost", "line 2: HOST:PORT is 'localhost'; expected [ADDRESS]:PORT or HOST:PORT, with a port of 1 to 65535.")]
    [TestCase("8080 localhost:80 --fast", "line 2: ")]
    public async Task File_WithAWrongLine_IsToldWithItsNumber(string line, string expected)
    {
        string rules = Path.Combine(_folder, "wrong");
        await File.WriteAllTextAsync(rules, $"-u 27015 localhost:27015\n{line}\n");
        var result = await HereCommand.RunAsync("forward", "--file", rules);
        Assert.That(result.ExitCode, Is.EqualTo(2));
        Assert.That(result.ErrorLines[^1], Does.StartWith($"{rules}, {expected}"));
    }

    async Task<LocalProgram> StartNginxAsync(int port)
    {
        string configuration = Path.Combine(_folder, $"nginx-{port}.conf");
        await File.WriteAllTextAsync(configuration, $$"""
            daemon off; master_process off; pid {{_folder}}/nginx-{{port}}.pid; error_log stderr; worker_processes 1;
            events { }
            http {
              access_log off;
              client_body_temp_path {{_folder}}/body; proxy_temp_path {{_folder}}/proxy; fastcgi_temp_path {{_folder}}/fastcgi;
              uwsgi_temp_path {{_folder}}/uwsgi; scgi_temp_path {{_folder}}/scgi;
              server {
                listen 127.0.0.1:{{port}} proxy_protocol;
                root {{_folder}};
                location /who { return 200 "$proxy_protocol_addr"; }
              }
            }
            """);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(_folder, (UnixFileMode)0b111_101_101); // its worker is another user
        var nginx = Start("nginx", "-c", configuration);
        using var limit = new CancellationTokenSource(Patience.Limit);
        while (true)
        {
            try
            {
                using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
                await socket.ConnectAsync(IPAddress.Loopback, port, limit.Token);
                return nginx;
            }
            catch (SocketException) when (!nginx.Process.HasExited)
            {
                await Task.Delay(20, limit.Token);
            }
        }
    }

    static int FreePort(ProtocolType protocol)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, protocol == ProtocolType.Tcp ? SocketType.Stream : SocketType.Dgram, protocol);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    static async Task<string> RunAsync(string program, params string[] arguments)
    {
        using var started = Start(program, arguments);
        var process = started.Process;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync().WaitAsync(Patience.Limit);
        Assert.That(process.ExitCode, Is.Zero, await errors);
        return await output;
    }

    static LocalProgram Start(string program, params string[] arguments)
    {
        var start = ProgramStart.Of(program, arguments);
        start.RedirectStandardOutput = start.RedirectStandardError = true;
        return new(Process.Start(start)!);
    }

    /// <summary>A program and all that it started, ended at the latest when disposed.</summary>
    sealed class LocalProgram(Process process) : IDisposable
    {
        public Process Process => process;

        public void Dispose()
        {
            if (!process.HasExited)
                process.Kill(entireProcessTree: true);
            process.Dispose();
        }
    }
}
