using TeredoSdk;
using TeredoSdk.Churn;

// Accept, churn, leak: prints what the process holds after each part of the load; exits with 1 when something failed or did not stay flat.
if (args is not ([] or ["--short"]))
{
    bool help = args is ["--help" or "-h"];
    (help ? Console.Out : Console.Error).WriteLine(help
        ? """
          Usage: dotnet run -c Release --project tests/Churn [-- --short]
          Connects and closes for ten minutes at 20 at once, holds 2,000 connections, starts and stops a node 500 times. Needs kernel sockets and 4,500 descriptors.
          """
        : $"'{args[0]}' is not an option; expected --short or --help.");
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
    var faults = await Run.Async(args.Length == 0 ? Load.Full : Load.Short, Console.WriteLine, cancellation.Token);
    foreach (string fault in faults)
        Console.Error.WriteLine(fault);
    return faults.Count == 0 ? 0 : 1;
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
