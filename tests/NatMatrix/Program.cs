using TeredoSdk.NatMatrix;

// Prints the NAT matrix; tests/Protocol.Tests holds the reviewed copy.
if (args.Length > 0)
{
    bool help = args is ["--help" or "-h"];
    (help ? Console.Out : Console.Error).WriteLine(help ? "Usage: dotnet run -c Release --project tests/NatMatrix\nPrints which kinds of NAT reach which, in a simulated internet."
        : $"'{args[0]}' is not an option; the command takes none but --help.");
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
    var cells = Matrix.Run(done => Console.Error.Write($"\r{done} of {Expectation.Kinds.Count * Expectation.Kinds.Count} pairs "), cancellation.Token);
    Console.Error.WriteLine();
    Console.Write(Matrix.Format(cells));
    return 0;
}
catch (OperationCanceledException)
{
    return 130;
}
