using System.Globalization;
using System.Runtime.InteropServices;
using TeredoSdk.Datapath;
using TeredoSdk.Platform.Tests.Network;
using TeredoSdk.Platform.Tests.Programs;
using TeredoSdk.Repetition;

// Measures the tunnel beside miredo: two hosts, each behind a NAT of nftables, in network namespaces of this machine.
const string Usage = """
    Usage: dotnet run -c Release --project tests/Benchmarks/Datapath [-- [--rounds N] [--seconds N] [--keep]]
    Measures miredo and each rung of the datapath in turn, --rounds times (5), each load for --seconds (3), and prints a table. Needs root and the Debian
    packages miredo, nftables, iproute2 and conntrack. Nothing leaves the namespaces that it makes. On a machine that does other work the figures are wrong.
    --keep writes the table, all figures and a picture to tests/Benchmarks/Datapath/results.md, .json and .svg, and the table to README.md.
    """;
var (rounds, seconds, keep) = (5, 3, false);
bool areKnown = true;
for (int i = 0; i < args.Length && areKnown; i++)
{
    if (args[i] == "--keep")
        keep = true;
    else if (args[i] == "--rounds" && i + 1 < args.Length)
        areKnown = int.TryParse(args[++i], CultureInfo.InvariantCulture, out rounds) && rounds is >= 1 and <= 100;
    else if (args[i] == "--seconds" && i + 1 < args.Length)
        areKnown = int.TryParse(args[++i], CultureInfo.InvariantCulture, out seconds) && seconds is >= 1 and <= 60;
    else
        areKnown = false;
}
return await MeasuringCommand.RunAsync(args, areKnown, Usage, "--rounds N (1 to 100), --seconds N (1 to 60), --keep or --help", MeasureAsync);

async Task<int> MeasureAsync(CancellationToken cancellation)
{
    string[] names = [.. Way.All.Select(way => way.Name)];
    var results = new Results(names);
    try
    {
        for (int round = 1; round <= rounds; round++)
        {
            foreach (var way in Way.All)
            {
                cancellation.ThrowIfCancellationRequested();
                var figures = await MeasureOneAsync(way);
                results.Add(way.Name, figures);
                Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture,
                    $"round {round}, {way.Name}: TCP {figures.TcpGbit:0.00} Gbit/s, {figures.CpuPerGbit:0.00} s per Gbit, UDP {figures.UdpGbit:0.00}, idle {figures.IdleMs:0.00} ms"));
            }
        }
    }
    finally
    {
        BuildOutput.RemoveCopies();
    }
    Console.Write(results.Table());
    if (keep)
        await KeepAsync(results);
    return 0;
}

async Task<Figures> MeasureOneAsync(Way way)
{
    await using var lab = new Lab();
    var server = lab.AddServer();
    var one = lab.AddNat("nat1", NatKind.PortRestricted).AddHost("one");
    var other = lab.AddNat("nat2", NatKind.PortRestricted).AddHost("other");
    await lab.StartAsync();
    await TeredoProgram.StartServerAsync(server);
    var tunnel = await way.StartAsync(server, one, other);
    try
    {
        return new Traffic(one, other, tunnel, TimeSpan.FromSeconds(seconds)).Measure();
    }
    catch (Exception)
    {
        Console.Error.WriteLine(lab.Transcript);
        throw;
    }
}

async Task KeepAsync(Results results)
{
    const string begin = "<!-- datapath -->", end = "<!-- /datapath -->";
    string commit = await Repository.CommitAsync();
    string machine = string.Create(CultureInfo.InvariantCulture, $"{DateTime.UtcNow:yyyy-MM-dd}, commit {commit}, {Environment.ProcessorCount} processors ")
        + $"({RuntimeInformation.ProcessArchitecture}), {RuntimeInformation.OSDescription.Split('#')[0].Trim()}, {rounds} rounds of {seconds} s";
    string folder = Path.Combine(Repository.Root, "tests", "Benchmarks", "Datapath"), table = $"{machine}:\n\n{results.Table()}";
    await File.WriteAllTextAsync(Path.Combine(folder, "results.md"), $"# The tunnel beside miredo\n\n{table}");
    await File.WriteAllTextAsync(Path.Combine(folder, "results.json"), results.Json(machine) + "\n");
    await File.WriteAllTextAsync(Path.Combine(folder, "results.svg"), results.Picture());
    string path = Path.Combine(Repository.Root, "README.md"), readme = await File.ReadAllTextAsync(path);
    int from = readme.IndexOf(begin, StringComparison.Ordinal), to = readme.IndexOf(end, StringComparison.Ordinal);
    if (from >= 0 && to > from)
        await File.WriteAllTextAsync(path, readme[..(from + begin.Length)] + $"\n{table}" + readme[to..]);
}
