using TeredoSdk;
using TeredoSdk.Churn;
using TeredoSdk.Repetition;

// Accept, churn, leak: prints what the process holds after each part of the load; exits with 1 when something failed or did not stay flat.
const string Usage = """
    Usage: dotnet run -c Release --project tests/Churn [-- --short | --keep | --silent | --flood | --echo PROGRAM]
    Connects and closes for ten minutes at 20 at once, holds 2,000 connections, starts and stops a node 500 times. Needs kernel sockets and 4,500 descriptors.
    --short takes a few seconds. --keep writes the figures to tests/Churn/results.txt, with date and commit.
    Measured alone: --silent what 500 and 2,000 peers cost that take nothing before the close; --flood how long 20 connections take under a flood (with
    taskset -c 0 on one processor); --echo what 4,000 idle connections of PROGRAM (the teredo command) take of memory.
    """;
try
{
    return await MeasuringCommand.RunAsync(args, args is [] or ["--short"] or ["--keep"] or ["--silent"] or ["--flood"] or ["--echo", _], Usage,
        "--short, --keep, --silent, --flood, --echo PROGRAM or --help", cancellation => MeasuringCommand.TellAsync(args is ["--keep"] ? "tests/Churn/results.txt" : null,
            tell => MeasureAsync(tell, cancellation)));
}
catch (TeredoException e)
{
    Console.Error.WriteLine(e.Message);
    return 1;
}

async Task<int> MeasureAsync(Action<string> tell, CancellationToken cancellation)
{
    var measure = args switch
    {
        ["--silent"] => Measures.SilentAsync(tell, cancellation),
        ["--flood"] => Measures.FloodAsync(tell, cancellation),
        ["--echo", var program] => Measures.EchoAsync(program, tell, cancellation),
        _ => null,
    };
    if (measure is not null)
    {
        await measure;
        return 0;
    }
    var faults = await Run.Async(args is ["--short"] ? Load.Short : Load.Full, tell, cancellation);
    foreach (string fault in faults)
        tell(fault);
    return faults.Count;
}
