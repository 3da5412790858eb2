using System.Globalization;
using System.Runtime.InteropServices;
using TeredoSdk.Datapath;
using TeredoSdk.Platform.Tests.Programs;
using TeredoSdk.Repetition;

// Measures the tunnel beside miredo: hosts behind NATs of nftables, in network namespaces of this machine.
if (args is [Actor.Verb, ..])
    return await Actor.RunAsync(args[1..]);
string partNames = string.Join(", ", Part.All.Select(part => part.Name));
string usage = $"""
    Usage: dotnet run -c Release --project tests/Benchmarks/Datapath [-- [--part NAME ...] [--rounds N] [--seconds N] [--native PROGRAM] [--keep]]
    Measures the rows of each part in turn, --rounds times (5), each load for --seconds (3; an uplink for three times and peers for five times as
    long), and prints a table for each part. --part NAME measures that part alone, and may be repeated: {partNames}.
    Our command is the natively compiled one of linux-x64: it is published first, unless PROGRAM is it. What runs inside an application is compiled there.
    Needs root, gcc or clang, and the Debian packages miredo, nftables, iproute2, ethtool and conntrack; wireguard-go, wireguard-tools and yggdrasil add rows.
    Nothing leaves the namespaces that it makes. On a machine that does other work the figures are wrong.
    --keep writes the tables, all figures and a picture to tests/Benchmarks/Datapath/results.md, .json and .svg, and the tables to README.md. Parts that were
    not measured stay as they are.
    """;
var (rounds, seconds, keep) = (5, 3, false);
string? native = null;
List<Part> chosen = [];
bool areKnown = true;
for (int i = 0; i < args.Length && areKnown; i++)
{
    if (args[i] == "--keep")
        keep = true;
    else if (args[i] == "--part" && i + 1 < args.Length)
        areKnown = Part.All.FirstOrDefault(part => part.Name == args[i + 1]) is { } part && ++i > 0 && Choose(part);
    else if (args[i] == "--native" && i + 1 < args.Length)
        native = Path.GetFullPath(args[++i]);
    else if (args[i] == "--rounds" && i + 1 < args.Length)
        areKnown = int.TryParse(args[++i], CultureInfo.InvariantCulture, out rounds) && rounds is >= 1 and <= 100;
    else if (args[i] == "--seconds" && i + 1 < args.Length)
        areKnown = int.TryParse(args[++i], CultureInfo.InvariantCulture, out seconds) && seconds is >= 1 and <= 60;
    else
        areKnown = false;
}
string options = $"--part NAME ({partNames}), --rounds N (1 to 100), --seconds N (1 to 60), --native PROGRAM, --keep or --help";
return await MeasuringCommand.RunAsync(args, areKnown, usage, options, MeasureAsync);

bool Choose(Part part)
{
    chosen.Add(part);
    return true;
}

async Task<int> MeasureAsync(CancellationToken cancellation)
{
    try
    {
        await TeredoProgram.UseNativeAsync(native);
        foreach (var part in chosen.Count > 0 ? chosen : Part.All)
        {
            var measured = await MeasurePartAsync(part, cancellation);
            Console.Write($"## {part.Title}\n\n{measured.Table(part)}\n");
            if (keep)
                new Results(Repository.Root).Keep(part, measured);
        }
    }
    finally
    {
        BuildOutput.RemoveCopies();
    }
    return 0;
}

async Task<Measured> MeasurePartAsync(Part part, CancellationToken cancellation)
{
    int times = Math.Min(rounds, part.MaxRounds), each = seconds * part.TimesAsLong;
    string commit = await Repository.CommitAsync();
    var measured = new Measured(string.Create(CultureInfo.InvariantCulture, $"Medians of {times} rounds of {each} s, {DateTime.UtcNow:yyyy-MM-dd}, commit {commit}, ")
        + $"{Environment.ProcessorCount} processors ({RuntimeInformation.ProcessArchitecture}), {RuntimeInformation.OSDescription.Split('#')[0].Trim()}", []);
    for (int round = 1; round <= times; round++)
    {
        foreach (string row in part.Rows)
        {
            cancellation.ThrowIfCancellationRequested();
            double[] figures = await part.MeasureAsync(row, TimeSpan.FromSeconds(each));
            measured.Add(part, row, figures);
            Console.Error.WriteLine($"round {round}, {row}: "
                + string.Join(", ", part.Columns.Zip(figures, (column, figure) => string.Create(CultureInfo.InvariantCulture, $"{column.Header} {figure:0.00}"))));
        }
    }
    return measured;
}
