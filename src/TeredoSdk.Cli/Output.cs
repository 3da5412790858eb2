using System.CommandLine.Parsing;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using TeredoSdk.Cli.Json;

namespace TeredoSdk.Cli;

/// <summary>Writes the result (lines for people or one JSON document) to stdout, and everything else to stderr.</summary>
sealed class Output(bool isJson)
{
    const int FailureCode = 1, BadArgumentsCode = 2;

    public bool IsJson => isJson;

    /// <summary>Writes a line to stderr. When that fails, for example because a disk is full, the command goes on.</summary>
    public static void Notice(string line) => Try(() => Console.Error.WriteLine(Printable(line)));

    /// <summary>Writes a line of the result for people; nothing with --json.</summary>
    public void Line(string line)
    {
        if (!isJson)
            StandardStreams.WriteLine(Printable(line));
    }

    /// <summary>The stream for payload: stdout, but nowhere with --json, because then stdout is for the document alone.</summary>
    public Stream Payload() => isJson ? Stream.Null : StandardStreams.OpenOutput();

    /// <summary>Writes the one document; nothing without --json.</summary>
    public void Document<T>(T document, Func<CliJson, JsonTypeInfo<T>> type)
    {
        if (isJson)
            StandardStreams.WriteLine(JsonSerializer.Serialize(document, type(CliJson.ForPeople)));
    }

    /// <summary>Ends a command that failed.</summary>
    public int Fail(string error, string problem, int exitCode = FailureCode) =>
        Fail(new FailureDocument(error, problem), json => json.FailureDocument, problem, exitCode);

    /// <summary>Ends a command that failed, with a document that tells more than the failure.</summary>
    /// <param name="document">The document.</param>
    /// <param name="type">The document's JSON type.</param>
    /// <param name="problem">The message.</param>
    /// <param name="exitCode">The exit code.</param>
    public int Fail<T>(T document, Func<CliJson, JsonTypeInfo<T>> type, string problem, int exitCode = FailureCode)
    {
        Try(() => Document(document, type));
        Notice(problem);
        return exitCode;
    }

    /// <summary>Ends a command whose arguments are not valid.</summary>
    public int BadArguments(string problem, CommandResult command)
    {
        List<string> path = [];
        for (SymbolResult? result = command; result is CommandResult part; result = part.Parent)
            path.Insert(0, result.Parent is null ? "teredo" : part.Command.Name);
        Notice($"{string.Join(' ', path)} --help shows what is expected.");
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
            // Neither stdout nor stderr can be written to; only the exit code tells the failure.
        }
    }

    // Text may come from the network, so characters that control a terminal are replaced.
    static string Printable(string text) =>
        string.Concat(text.ReplaceLineEndings("\n").Select(c => char.IsControl(c) && c is not ('\n' or '\t') ? '\uFFFD' : c));
}
