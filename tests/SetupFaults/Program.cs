using TeredoSdk.Repetition;
using TeredoSdk.SetupFaults;

// Setup, setup again and removal on every broken machine, with a fault at every call; exits with 1 when the stores were not as before.
const string Usage = """
    Usage: dotnet run -c Release --project tests/SetupFaults [-- --keep | --machine NAME]
    Sets up an application on each broken Windows in memory, sets it up again and removes it, with a crash and with a refusal at every single call, and
    compares rules, settings, services and registry with those before: three minutes. --keep writes the result to tests/SetupFaults/results.txt, with date and commit.
    """;
return await MeasuringCommand.RunAsync(args, args is [] or ["--keep"] or ["--machine", _], Usage, "--keep, --machine NAME or --help", cancellation =>
    MeasuringCommand.TellAsync(args is ["--keep"] ? "tests/SetupFaults/results.txt" : null, tell => Machines.RunAsync(args is ["--machine", var name] ? name : null, tell, cancellation)));
