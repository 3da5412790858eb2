using System.Globalization;
using TeredoSdk;
using TeredoSdk.Churn;
using TeredoSdk.Repetition;

// Accept, churn, leak: prints what the process holds after each part of the load; exits with 1 when something failed or did not stay flat.
const string ResultFile = "tests/Churn/results.txt";
if (args is not ([] or ["--short"] or ["--keep"] or ["--silent"] or ["--flood"] or ["--echo", _]))
{
    bool help = args is ["--help" or "-h"];
    (help ? Console.Out : Console.Error).WriteLine(help
        ? """
          Usage: dotnet run -c Release --project tests/Churn [-- --short | --keep | --silent | --flood | --echo PROGRAM]
          Connects and closes for ten minutes at 20 at once, holds 2,000 connections, starts and stops a node 500 times. Needs kernel sockets and 4,500 descriptors.
          --short takes a few seconds. --keep writes the figures to tests/Churn/results.txt, with date and commit.
          Measured alone: --silent what 500 and 2,000 peers cost that take nothing before the close; --flood how long 20 connections take under a flood (with
          taskset -c 0 on one processor); --echo what 4,000 idle connections of PROGRAM (the teredo command) take of memory.
          """
        : $"'{args[0]}' is not an option; expected --short, --keep, --silent, --flood, --echo PROGRAM or --help.");
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
    var measure = args switch
    {
        ["--silent"] => Measures.SilentAsync(Console.WriteLine, cancellation.Token),
        ["--flood"] => Measures.FloodAsync(Console.WriteLine, cancellation.Token),
        ["--echo", var program] => Measures.EchoAsync(program, Console.WriteLine, cancellation.Token),
        _ => null,
    };
    if (measure is not null)
    {
        await measure;
        return 0;
    }
    List<string> lines = [];
    if (args is ["--keep"])
    {
        string commit = await Repository.CommitAsync();
        Tell(string.Create(CultureInfo.InvariantCulture, $"{DateTime.UtcNow:yyyy-MM-dd}, commit {commit}, {Environment.ProcessorCount} processors"));
    }
    var faults = await Run.Async(args is ["--short"] ? Load.Short : Load.Full, Tell, cancellation.Token);
    foreach (string fault in faults)
        Console.Error.WriteLine(fault);
    lines.AddRange(faults);
    if (args is ["--keep"])
        await File.WriteAllLinesAsync(Path.Combine(Repository.Root, ResultFile), lines);

    return faults.Count == 0 ? 0 : 1;

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
catch (TeredoException e)
{
    Console.Error.WriteLine(e.Message);
    return 1;
}
