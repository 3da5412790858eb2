using System.Globalization;
using TeredoSdk;
using TeredoSdk.DatagramBenchmark;
using TeredoSdk.Repetition;

// Measures datagrams of sockets inside the process: one process sends, another one receives, over loopback addresses of this machine.
const string Usage = """
    Usage: dotnet run -c Release --project tests/Benchmarks/Datagrams [-- [--seconds N] [--octets N] [--keep]]
    One process sends datagrams of --octets (1200) for --seconds (3), another one receives them, with each rung of the datapath, one by one and in batches.
    Prints how many packets per second were sent and received, processor time and allocated octets for each. Needs no root, and nothing leaves the machine.
    --keep writes the table to tests/Benchmarks/Datagrams/results.md.
    """;
if (args is ["--receive", var servers, var way])
    return await Receiver.RunAsync(Node.Options(servers, Enum.Parse<TeredoDatapath>(way)));
var (seconds, octets, keep) = (3, 1200, false);
bool areKnown = true;
for (int i = 0; i < args.Length && areKnown; i++)
{
    if (args[i] == "--keep")
        keep = true;
    else if (args[i] == "--seconds" && i + 1 < args.Length)
        areKnown = int.TryParse(args[++i], CultureInfo.InvariantCulture, out seconds) && seconds is >= 1 and <= 60;
    else if (args[i] == "--octets" && i + 1 < args.Length)
        areKnown = int.TryParse(args[++i], CultureInfo.InvariantCulture, out octets) && octets is >= 1 and <= TeredoDatagramSocket.MaxDatagramOctets;
    else
        areKnown = false;
}
return await MeasuringCommand.RunAsync(args, areKnown, Usage, $"--seconds N (1 to 60), --octets N (1 to {TeredoDatagramSocket.MaxDatagramOctets}), --keep or --help",
    cancellation => MeasuringCommand.TellAsync(keep ? Path.Combine("tests", "Benchmarks", "Datagrams", "results.md") : null, tell => MeasureAsync(tell, cancellation)));

async Task<int> MeasureAsync(Action<string> tell, CancellationToken cancellation)
{
    tell("");
    tell($"Datagrams of {octets} octets from one process to another one, {seconds} s each:");
    tell("");
    tell("| rung | calls | sent, packets/s | received, packets/s | µs of processor, sender | receiver | octets allocated, sender | receiver |");
    tell("|---|---|---|---|---|---|---|---|");
    foreach (var way in new[] { TeredoDatapath.Sockets, TeredoDatapath.Batches, TeredoDatapath.Segments })
        foreach (bool inBatches in new[] { false, true })
        {
            var (sent, received) = await Sender.MeasureAsync(way, octets, TimeSpan.FromSeconds(seconds), inBatches, cancellation);
            tell(string.Create(CultureInfo.InvariantCulture, $"| {way} | {(inBatches ? "in batches" : "one by one")} | {sent.PerSecond:#,0} | {received.PerSecond:#,0} ")
                + string.Create(CultureInfo.InvariantCulture, $"| {sent.Microseconds:0.00} | {received.Microseconds:0.00} | {sent.Octets:0.00} | {received.Octets:0.00} |"));
        }
    return 0;
}
