using TeredoSdk.NatMatrix;
using TeredoSdk.Repetition;

// Prints the NAT matrix; tests/Protocol.Tests holds the reviewed copy.
const string Usage = "Usage: dotnet run -c Release --project tests/NatMatrix\nPrints which kinds of NAT reach which, in a simulated internet.";
return await MeasuringCommand.RunAsync(args, args is [], Usage, "none but --help", cancellation =>
{
    var cells = Matrix.Run(done => Console.Error.Write($"\r{done} of {Expectation.Kinds.Count * Expectation.Kinds.Count} pairs "), cancellation);
    Console.Error.WriteLine();
    Console.Write(Matrix.Format(cells));
    return Task.FromResult(0);
});
