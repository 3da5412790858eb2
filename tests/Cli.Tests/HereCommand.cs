using System.Text;

namespace TeredoSdk.Cli.Tests;

/// <summary>The teredo command inside this process, which is quick: for command lines that need neither stdin nor a signal to end.</summary>
static class HereCommand
{
    static readonly AsyncLocal<Streams?> Current = new();

    static TextWriter? _output, _error;

    /// <summary>Runs the command to its end.</summary>
    public static Task<Result> RunAsync(params string[] arguments) => RunAsync(() => EntryPoint.RunLineAsync(arguments));

    /// <summary>Runs what returns an exit code, and takes what it and all that it starts write.</summary>
    public static async Task<Result> RunAsync(Func<Task<int>> command)
    {
        Install();
        var streams = Current.Value = new(new(), new());
        int code = await command().WaitAsync(Patience.Limit);
        string[] errors = Switch.Read(streams.Error).ReplaceLineEndings("\n").Split('\n', StringSplitOptions.RemoveEmptyEntries);
        return new(code, Encoding.UTF8.GetBytes(Switch.Read(streams.Output)), errors);
    }

    // A test runner puts its own streams there at each run.
    static void Install()
    {
        lock (Current)
        {
            if (Console.Out == _output && Console.Error == _error)
                return;
            Environment.SetEnvironmentVariable(TeredoOptions.ServerVariable, null);
            Console.SetOut(new Switch(Console.Out, streams => streams.Output));
            Console.SetError(new Switch(Console.Error, streams => streams.Error));
            (_output, _error) = (Console.Out, Console.Error);
        }
    }

    sealed record Streams(StringWriter Output, StringWriter Error);

    /// <summary>Writes to the streams of the command that writes; what no command writes goes where it went before.</summary>
    sealed class Switch(TextWriter otherwise, Func<Streams, StringWriter> choose) : TextWriter
    {
        public override Encoding Encoding => otherwise.Encoding;

        public static string Read(StringWriter written)
        {
            lock (written)
                return written.ToString();
        }

        public override void Write(char value) => Write(value.ToString());

        public override void Write(string? value)
        {
            var chosen = Current.Value is { } streams ? choose(streams) : otherwise;
            lock (chosen)
                chosen.Write(value);
        }

        public override void WriteLine(string? value) => Write(value + NewLine);
    }
}
