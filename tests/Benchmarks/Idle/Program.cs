using System.Globalization;
using TeredoSdk.Idle;
using TeredoSdk.Platform.Tests.Programs;
using TeredoSdk.Repetition;

// What an idle tunnel costs, and what the first packet does: miredo, the natively compiled command and the tool, in turn, in the same network.
const string Usage = """
    Usage: dotnet run -c Release --project tests/Benchmarks/Idle [-- [--rounds N] [--pings N] [--native PROGRAM] [--memory] [--keep]]
    Starts two whole-machine clients behind two NATs, --rounds times (5) for each way: what their start leaves resident, the first ping and the first TCP
    connection to a peer never met, and --pings round trips (2000), 2 ms apart. Then memory per peer and per socket, in this process; --memory measures
    that alone. Needs root, gcc or clang, and the Debian packages miredo, nftables, iproute2, iputils-ping and conntrack. It publishes the command first,
    unless PROGRAM is it.
    Nothing leaves the namespaces that it makes. On a machine that does other work the times are wrong. --keep writes tests/Benchmarks/Idle/results.md.
    """;
var (rounds, pings, onlyMemory, keep) = (5, 2000, false, false);
string? native = null;
bool areKnown = true;
for (int i = 0; i < args.Length && areKnown; i++)
{
    if (args[i] == "--keep")
        keep = true;
    else if (args[i] == "--memory")
        onlyMemory = true;
    else if (args[i] == "--rounds" && i + 1 < args.Length)
        areKnown = int.TryParse(args[++i], CultureInfo.InvariantCulture, out rounds) && rounds is >= 1 and <= 100;
    else if (args[i] == "--native" && i + 1 < args.Length)
        native = Path.GetFullPath(args[++i]);
    else if (args[i] == "--pings" && i + 1 < args.Length)
        areKnown = int.TryParse(args[++i], CultureInfo.InvariantCulture, out pings) && pings is >= 10 and <= 100_000;
    else
        areKnown = false;
}
return await MeasuringCommand.RunAsync(args, areKnown, Usage, "--rounds N (1 to 100), --pings N (10 to 100000), --native PROGRAM, --memory, --keep or --help",
    cancellation => MeasuringCommand.TellAsync(keep ? "tests/Benchmarks/Idle/results.md" : null, tell => MeasureAsync(tell, cancellation)));

async Task<int> MeasureAsync(Action<string> tell, CancellationToken cancellation)
{
    if (!onlyMemory)
        await MeasureTunnelsAsync(tell, cancellation);
    tell("");
    tell("| memory, in this process | octets |");
    tell("|---|---|");
    Tables.Measure(tell);
    await Sockets.MeasureAsync(tell, cancellation);
    return 0;
}

async Task MeasureTunnelsAsync(Action<string> tell, CancellationToken cancellation)
{
    try
    {
        native ??= await NativeProgram.PublishAsync("src/TeredoSdk.Cli", "teredo", "-r linux-x64");
        Way[] ways = [Way.Miredo, Way.Of("teredo, native", native), Way.Of("teredo, JIT", TeredoProgram.Path)];
        var readings = ways.ToDictionary(way => way, _ => new List<Reading>());
        for (int round = 1; round <= rounds; round++)
        {
            foreach (var way in ways)
            {
                cancellation.ThrowIfCancellationRequested();
                readings[way].Add(await Pair.MeasureAsync(way, native, pings));
                Console.Error.WriteLine($"round {round}, {way.Name}: {readings[way][^1]}");
            }
        }
        tell("");
        tell($"Medians of {rounds} rounds, {Environment.ProcessorCount} processors:");
        tell("");
        tell("| whole-machine client | resident idle, MB | first ping, ms | first connection, ms | round trip, ms | p99, ms |");
        tell("|---|---|---|---|---|---|");
        foreach (var (way, all) in readings)
        {
            tell(string.Create(CultureInfo.InvariantCulture, $"| {way.Name} | {Median(reading => reading.ResidentMB):0.0} | {Median(reading => reading.FirstPing):0.00} | "
                + $"{Median(reading => reading.FirstConnection):0.00} | {Median(reading => reading.RoundTrip):0.000} | {Median(reading => reading.P99):0.000} |"));

            double Median(Func<Reading, double> figure) => all.Select(figure).Order().ElementAt((all.Count - 1) / 2);
        }
    }
    finally
    {
        BuildOutput.RemoveCopies();
    }
}
