using System.Globalization;
using TeredoSdk.Repetition;
using TeredoSdk.SetupFaults;

// Setup, setup again and removal on every broken machine, with a fault at every call; exits with 1 when the stores were not as before.
const string ResultFile = "tests/SetupFaults/results.txt";
if (args is not ([] or ["--keep"] or ["--machine", _]))
{
    bool help = args is ["--help" or "-h"];
    (help ? Console.Out : Console.Error).WriteLine(help
        ? """
          Usage: dotnet run -c Release --project tests/SetupFaults [-- --keep | --machine NAME]
          Sets up an application on each broken Windows in memory, sets it up again and removes it, with a crash and with a refusal at every single call, and
          compares rules, settings, services and registry with those before: three minutes. --keep writes the result to tests/SetupFaults/results.txt, with date and commit.
          """
        : $"'{args[0]}' is not an option; expected --keep, --machine NAME or --help.");
    return help ? 0 : 2;
}
using var cancellation = new CancellationTokenSource();
Console.CancelKeyPress += (_, e) =>
{
    e.Cancel = true;
    cancellation.Cancel();
};
try
{
    List<string> lines = [];
    if (args is ["--keep"])
    {
        string commit = await Repository.CommitAsync();
        Tell(string.Create(CultureInfo.InvariantCulture, $"{DateTime.UtcNow:yyyy-MM-dd}, commit {commit}"));
    }
    int problems = await Machines.RunAsync(args is ["--machine", var name] ? name : null, Tell, cancellation.Token);
    if (args is ["--keep"])
        await File.WriteAllLinesAsync(Path.Combine(Repository.Root, ResultFile), lines);
    return problems == 0 ? 0 : 1;

    void Tell(string line)
    {
        lines.Add(line);
        Console.WriteLine(line);
    }
}
catch (OperationCanceledException)
{
    return 130;
}
