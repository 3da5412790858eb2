using System.CommandLine.Parsing;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using TeredoSdk.Cli.Json;

namespace TeredoSdk.Cli;

/// <summary>Where results and sentences go: lines for people or one JSON document to stdout, everything else to stderr.</summary>
sealed class Output(bool isJson)
{
    const int FailureCode = 1, BadArgumentsCode = 2;

    public bool IsJson => isJson;

    /// <summary>A line on stderr, beside the result. Where that can't be written, a disk that is full say, the command goes on.</summary>
    public static void Notice(string line) => Try(() => Console.Error.WriteLine(Printable(line)));

    /// <summary>A line of the result for people; nothing with --json.</summary>
    public void Line(string line)
    {
        if (!isJson)
            Console.Out.WriteLine(Printable(line));
    }

    /// <summary>Where payload goes: to stdout, which the document has for itself with --json.</summary>
    public Stream Payload() => isJson ? Stream.Null : StandardOutput.Open();

    /// <summary>The one document; nothing without --json.</summary>
    public void Document<T>(T document, Func<CliJson, JsonTypeInfo<T>> type)
    {
        if (isJson)
            Console.Out.WriteLine(JsonSerializer.Serialize(document, type(CliJson.ForPeople)));
    }

    /// <summary>The end of a command that failed.</summary>
    public int Fail(string error, string problem, int exitCode = FailureCode) =>
        Fail(new FailureDocument(error, problem), json => json.FailureDocument, problem, exitCode);

    /// <summary>The end of a command that failed, with a document that has more to tell than the failure.</summary>
    /// <param name="document">The document.</param>
    /// <param name="type">How it is written.</param>
    /// <param name="problem">The sentence.</param>
    /// <param name="exitCode">What to exit with.</param>
    public int Fail<T>(T document, Func<CliJson, JsonTypeInfo<T>> type, string problem, int exitCode = FailureCode)
    {
        Try(() => Document(document, type));
        Notice(problem);
        return exitCode;
    }

    /// <summary>The end of a command whose arguments can't be meant.</summary>
    public int BadArguments(string problem, CommandResult command)
    {
        List<string> path = [];
        for (SymbolResult? result = command; result is CommandResult part; result = part.Parent)
            path.Insert(0, result.Parent is null ? "teredo" : part.Command.Name);
        Notice($"{string.Join(' ', path)} --help tells what is expected.");
        return Fail("badArguments", problem, BadArgumentsCode);
    }

    static void Try(Action write)
    {
        try
        {
            write();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // There is nowhere left to say so; the exit code stays.
        }
    }

    // What came from a network may be in it: nothing that steers a terminal gets there.
    static string Printable(string text) =>
        string.Concat(text.ReplaceLineEndings("\n").Select(c => char.IsControl(c) && c is not ('\n' or '\t') ? '\uFFFD' : c));
}
