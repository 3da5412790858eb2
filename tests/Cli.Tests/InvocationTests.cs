using System.Net.Sockets;
using Microsoft.Extensions.Logging;

namespace TeredoSdk.Cli.Tests;

/// <summary>How a command ends that fails, and what is logged.</summary>
public sealed class InvocationTests
{
    static readonly (Exception Failure, int Code, string Name, string Sentence)[] Failures =
    [
        (new BadArgumentsException("--x is 1."), 2, "badArguments", "--x is 1."),
        (new TeredoException(TeredoError.NoServer, "Set Servers."), 1, "noServer", "Set --server."),
        (new InvalidOperationException("It is\nbroken."), 1, "failed", "It is broken."),
        (new InsufficientMemoryException(), 1, "limitReached", "This process may not start more threads or use more memory"),
        (new IOException("Outer.", new InsufficientMemoryException()), 1, "limitReached", "This process may not start more threads or use more memory"),
        (new IOException("Outer.", new SocketException((int)SocketError.TooManyOpenSockets)), 1, "limitReached", "This process may open only "),
        (new IOException("Outer.", new SocketException((int)SocketError.AccessDenied)), 1, "failed", "Outer."),
    ];

    [TestCaseSource(nameof(Failures))]
    public async Task Failure_IsASentenceADocumentAndACode((Exception Failure, int Code, string Name, string Sentence) expected)
    {
        var result = await RunAsync(_ => throw expected.Failure, "status", "--json");
        Assert.That(result.ExitCode, Is.EqualTo(expected.Code), result.ToString());
        Assert.That(result.Sentence, Does.StartWith(expected.Sentence));
        Assert.That(result.Document.GetProperty("error").GetString(), Is.EqualTo(expected.Name));
        Assert.That(result.Document.GetProperty("problem").GetString(), Is.EqualTo(result.Sentence));
        Assert.That(result.ErrorLines, Has.Count.EqualTo(expected.Code), "bad arguments have a line with the command's help before");
    }

    [Test]
    public async Task BadArguments_PointToTheHelpOfTheirCommand()
    {
        var result = await RunAsync(_ => throw new BadArgumentsException("--x is 1."), "ping", "::1");
        Assert.That(result.ErrorLines, Is.EqualTo(new[] { "teredo ping --help shows what is expected.", "--x is 1." }));
        Assert.That(result.Output, Is.Empty);
    }

    [TestCase(false)]
    [TestCase(true)]
    public async Task FailureThatNobodyForesaw_IsToldInFull_WhenVerbose(bool isVerbose)
    {
        var result = await RunAsync(_ => throw new InvalidOperationException("It is broken."), ["status", .. isVerbose ? new[] { "--verbose" } : []]);
        Assert.That(result.ErrorLines.Any(line => line.Contains(nameof(InvalidOperationException), StringComparison.Ordinal)), Is.EqualTo(isVerbose));
        Assert.That(result.Sentence, Is.EqualTo("It is broken."));
    }

    [TestCase("status", LogLevel.Error)]
    [TestCase("-v status", LogLevel.Debug)]
    public async Task Start_OfANode_LogsErrors_UnlessVerbose(string line, LogLevel level)
    {
        await RunAsync(invocation =>
        {
            Assert.That(invocation.Logs.Level, Is.EqualTo(level));
            Assert.That(invocation.Ended.IsCancellationRequested, Is.False);
            return 0;
        }, line.Split(' '));
    }

    [Test]
    public async Task Logs_AreLinesOfStderr_FromTheirLevelOn()
    {
        var result = await RunAsync(invocation =>
        {
            var log = invocation.Logs.CreateLogger("any");
            foreach (var level in Enum.GetValues<LogLevel>())
            {
                invocation.Logs.Level = LogLevel.Trace;
                Write(log, level, $"all {(int)level}");
                invocation.Logs.Level = LogLevel.Warning;
                Write(log, level, $"some {(int)level}");
                Assert.That(log.IsEnabled(level), Is.EqualTo(level is LogLevel.Warning or LogLevel.Error or LogLevel.Critical));
            }
            Write(log, LogLevel.Warning, "with a cause", new InvalidOperationException("Broken."));
            return 0;
        }, "status");
        string[] lines = [.. result.ErrorLines.Select(line => line[(line.IndexOf(' ', StringComparison.Ordinal) + 1)..])];
        Assert.That(lines, Is.EqualTo(new[]
        {
            "trace: all 0", "debug: all 1", "info: all 2", "warning: all 3", "warning: some 3", "error: all 4", "error: some 4", "error: all 5", "error: some 5",
            "warning: with a cause System.InvalidOperationException: Broken.",
        }));
        Assert.That(result.ErrorLines, Has.All.Match(@"^\d\d:\d\d:\d\d\.\d\d\d "));
    }

    [Test]
    public async Task Text_FromTheNetwork_ControlsNoTerminal()
    {
        var result = await RunAsync(invocation =>
        {
            invocation.Output.Line("a\e[31m\tb\r\nc\u009b");
            return invocation.Output.Fail("x", "d\u0007");
        }, "status");
        Assert.That(result.Text.ReplaceLineEndings("\n"), Is.EqualTo("a\uFFFD[31m\tb\nc\uFFFD\n"));
        Assert.That(result.Sentence, Is.EqualTo("d\uFFFD"));
    }

    [TestCase("listen 0")]
    [TestCase("listen 65535")]
    [TestCase("listen 1 -u --echo --linger 0 --no-wait")]
    [TestCase("listen 1 --linger 86400")]
    [TestCase("connect [2001:db8::1]:1")]
    [TestCase("connect a.example:65535 -u --linger 86400")]
    [TestCase("connect 192.0.2.1:80")]
    [TestCase("ping a.example -c 1 -i 0.01")]
    [TestCase("ping [2001:db8::1] -c 65535 -i 3600")]
    [TestCase("decode [2001:db8::1]")]
    [TestCase("status --client-port 0 --refresh 0 --native-ipv6 beside --provider auto")]
    [TestCase("status --client-port 65535 --refresh 1000000 --provider windows --sockets kernel")]
    [TestCase("server --address 192.0.2.1 --port 1 --rate-limits on --answer-limit 1:1 --address-answer-limit 1:1")]
    [TestCase("server --address 192.0.2.1 --port 65535 --rate-limits off --forward-limit 1000000:1000000 --address-forward-limit 1:2 --destination-limit 1:1")]
    [TestCase("relay --address 192.0.2.1 --port 0 --interface r --prefix 2001:db8::/32 --prefix 2001:db8::/128 --allow-private")]
    [TestCase("relay --address 192.0.2.1 --port 65535")]
    [TestCase("client --interface t --native-ipv6 beside --no-wait --server a --gateway 192.0.2.1 --capture x --require-secondary")]
    [TestCase("setup --app x --name y --tcp 1 --udp 65535 -y --escaped")]
    [TestCase("remove --app x --name y --tcp 65535 --udp 1 --edge allow --enable-teredo --server z --dry-run")]
    public void Values_AtTheEndsOfTheirRanges_AreTaken(string line) => Assert.That(EntryPoint.Parse(line.Split(' ')).Errors.Select(error => error.Message), Is.Empty);

    [Test]
    public void Values_ThatAreNotSaid_AreThoseOfTheHelp()
    {
        Assert.That(EntryPoint.Parse(["connect", "a.example:1"]).GetValue<TimeSpan>("--linger"), Is.EqualTo(TimeSpan.FromSeconds(2)));
        Assert.That(EntryPoint.Parse(["listen", "1"]).GetValue<TimeSpan?>("--linger"), Is.Null);
        Assert.That(EntryPoint.Parse(["ping", "::1"]).GetValue<int>("--count"), Is.EqualTo(4));
        Assert.That(EntryPoint.Parse(["ping", "::1"]).GetValue<TimeSpan>("--interval"), Is.EqualTo(TimeSpan.FromSeconds(1)));
        Assert.That(EntryPoint.Parse(["client"]).GetValue<string>("--interface"), Is.EqualTo("teredo"));
        Assert.That(EntryPoint.Parse(["client"]).GetValue<NativeIPv6Mode>("--native-ipv6"), Is.EqualTo(NativeIPv6Mode.Instead));
    }

    static void Write(ILogger log, LogLevel level, string line, Exception? cause = null) => log.Log(level, default, line, cause, (text, _) => text);

    static Task<Result> RunAsync(Func<Invocation, int> command, params string[] line) =>
        HereCommand.RunAsync(() => Invocation.RunAsync(EntryPoint.Parse(line), invocation => Task.FromResult(command(invocation))));
}
