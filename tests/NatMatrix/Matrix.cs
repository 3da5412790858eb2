using System.Globalization;
using System.Text;
using TeredoSdk.Testing;

namespace TeredoSdk.NatMatrix;

/// <summary>One cell: a pair without loss, and how often it connects with loss.</summary>
/// <param name="Initiator">The NAT of the host that starts.</param>
/// <param name="Responder">The NAT of the other.</param>
/// <param name="Clean">What came of it without loss.</param>
/// <param name="Successes">How many of <see cref="Matrix.Seeds"/> runs with loss connected.</param>
public sealed record Cell(NatKind Initiator, NatKind Responder, Outcome Clean, int Successes)
{
    public Promise Promise => Expectation.Of(Initiator, Responder);

    public double Rate => (double)Successes / Matrix.Seeds;
}

/// <summary>Every ordered pair of the nine kinds of NAT.</summary>
public static class Matrix
{
    public const int Seeds = 200;
    public const double Loss = 0.1;
    public static readonly TimeSpan Jitter = TimeSpan.FromMilliseconds(20);
    public static readonly TimeSpan LossyLimit = TimeSpan.FromSeconds(15);
    static readonly TimeSpan CleanLimit = TimeSpan.FromSeconds(15);

    /// <summary>Runs all cells; <paramref name="progress"/> is told how many are done.</summary>
    public static IReadOnlyList<Cell> Run(Action<int>? progress = null, CancellationToken cancellation = default)
    {
        var pairs = from initiator in Expectation.Kinds from responder in Expectation.Kinds select (initiator, responder);
        int done = 0;
        return [.. pairs.AsParallel().AsOrdered().WithCancellation(cancellation).Select(pair =>
        {
            var cell = Run(pair.initiator, pair.responder);
            progress?.Invoke(Interlocked.Increment(ref done));
            return cell;
        })];
    }

    public static Cell Run(NatKind initiator, NatKind responder)
    {
        var clean = RunClean(initiator, responder);
        int successes = 0;
        for (ulong seed = 1; seed <= Seeds; seed++)
            if (RunLossy(initiator, responder, seed).Connected is not null)
                successes++;
        return new(initiator, responder, clean, successes);
    }

    /// <summary>The pair without loss.</summary>
    public static Outcome RunClean(NatKind initiator, NatKind responder, string? pcap = null) =>
        Trial.Run(1, [initiator], [responder], 0, TimeSpan.Zero, CleanLimit, pcap: pcap);

    /// <summary>The pair with loss and jitter.</summary>
    public static Outcome RunLossy(NatKind initiator, NatKind responder, ulong seed, string? pcap = null) =>
        Trial.Run(seed, [initiator], [responder], Loss, Jitter, LossyLimit, pcap: pcap);

    /// <summary>The pair without loss, both NATs as Linux is without an input drop.</summary>
    public static Outcome RunClashing(NatKind initiator, NatKind responder, string? pcap = null) =>
        Trial.Run(1, [initiator], [responder], 0, TimeSpan.Zero, CleanLimit, clash: true, pcap);

    /// <summary>The table as text: in each cell what RFC 6081 promises, the time without loss, and the share of runs with loss that connect.</summary>
    public static string Format(IReadOnlyList<Cell> cells)
    {
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture,
            $"Rows initiate. In each cell: what RFC 6081 figure 1 promises; seconds to the first echo reply at 50 ms one way without loss (or the");
        text.AppendLine(CultureInfo.InvariantCulture,
            $"seconds to the ICMPv6 error, in brackets); the share of {Seeds} runs that connect within {LossyLimit.TotalSeconds} s at {Loss:P0} loss and {Jitter.TotalMilliseconds} ms jitter.");
        text.AppendLine();
        Row(text, "", Expectation.Kinds.Select(Expectation.Short));
        foreach (var row in cells.GroupBy(cell => cell.Initiator))
            Row(text, Expectation.Short(row.Key), row.Select(Format));
        text.AppendLine();
        text.AppendLine("Pairs that connect beyond the table:");
        foreach (var cell in cells.Where(cell => cell.Promise == Promise.None && cell.Clean.Connected is not null))
            text.AppendLine($"  {Expectation.Short(cell.Initiator)} -> {Expectation.Short(cell.Responder)}");
        return text.ToString().ReplaceLineEndings("\n");
    }

    static string Format(Cell cell)
    {
        string time = cell.Clean.Connected is { } connected ? Seconds(connected) : cell.Clean.Failed is { } failed ? $"({Seconds(failed)})" : "(-)";
        return string.Create(CultureInfo.InvariantCulture, $"{Expectation.Word(cell.Initiator, cell.Responder)} {time} {cell.Rate * 100:0.#}%");
    }

    static string Seconds(TimeSpan time) => time.TotalSeconds.ToString("0.00", CultureInfo.InvariantCulture);

    static void Row(StringBuilder text, string head, IEnumerable<string> cells)
    {
        text.Append(head.PadRight(11));
        foreach (string cell in cells)
            text.Append("| ").Append(cell.PadRight(20));
        text.Length -= text.ToString(text.Length - 20, 20).Length - text.ToString(text.Length - 20, 20).TrimEnd().Length;
        text.AppendLine();
    }
}
