using System.Globalization;
using System.Text;
using System.Text.Json;

namespace TeredoSdk.Datapath;

/// <summary>The figures of all rounds, and how they are shown: as a table, as JSON and as a picture.</summary>
sealed class Results(IReadOnlyList<string> names)
{
    readonly Dictionary<string, List<Figures>> _figures = names.ToDictionary(name => name, _ => new List<Figures>());

    /// <summary>What the ratios are to.</summary>
    string Peer => names[0];

    public void Add(string name, Figures figures) => _figures[name].Add(figures);

    /// <summary>The medians, and the ratio of TCP goodput to the peer's in the same round, with its spread.</summary>
    public string Table()
    {
        var text = new StringBuilder("""
            | way | TCP Gbit/s | times miredo (spread) | CPU s per Gbit | UDP Gbit/s of 1 offered | loss | idle ms | under load ms | p99 ms |
            |---|---|---|---|---|---|---|---|---|

            """.ReplaceLineEndings("\n"));
        foreach (string name in names)
        {
            var ratios = Ratios(name, figures => figures.TcpGbit);
            text.Append(CultureInfo.InvariantCulture, $"| {name} | {Median(name, figures => figures.TcpGbit):0.00} | {Middle(ratios):0.0} ({ratios[0]:0.0} to {ratios[^1]:0.0}) ")
                .Append(CultureInfo.InvariantCulture, $"| {Median(name, figures => figures.CpuPerGbit):0.00} | {Median(name, figures => figures.UdpGbit):0.00} ")
                .Append(CultureInfo.InvariantCulture, $"| {Median(name, figures => figures.UdpLoss) * 100:0} % | {Median(name, figures => figures.IdleMs):0.00} ")
                .Append(CultureInfo.InvariantCulture, $"| {Median(name, figures => figures.LoadedMs):0.0} | {Median(name, figures => figures.LoadedP99Ms):0.0} |\n");
        }
        return text.ToString();
    }

    /// <summary>Every figure of every round.</summary>
    public string Json(string machine) => JsonSerializer.Serialize(new { machine, rounds = _figures }, JsonOptions);

    /// <summary>TCP goodput as bars.</summary>
    public string Picture()
    {
        const int width = 640, bar = 26, left = 110, top = 34;
        double most = names.Max(name => Median(name, figures => figures.TcpGbit));
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"""
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {top + bar * names.Count + 10}" role="img" font-family="system-ui, sans-serif" font-size="13">
            <style>text {'{'} fill: #1b1b1b {'}'} rect {'{'} fill: #2a6fb0 {'}'} .peer {'{'} fill: #8a8a8a {'}'} @media (prefers-color-scheme: dark) {'{'} text {'{'} fill: #eee {'}'} rect {'{'} fill: #6db1f2 {'}'} {'}'}</style>
            <title>TCP through the tunnel, Gbit/s</title>
            <text x="8" y="20">TCP through the tunnel, Gbit/s: median of {_figures[Peer].Count} rounds</text>

            """);
        for (int i = 0; i < names.Count; i++)
        {
            double gbit = Median(names[i], figures => figures.TcpGbit);
            double length = (width - left - 70) * gbit / most;
            int y = top + i * bar;
            text.Append(CultureInfo.InvariantCulture, $"<text x=\"8\" y=\"{y + 16}\">{names[i]}</text>")
                .Append(CultureInfo.InvariantCulture, $"<rect{(i == 0 ? " class=\"peer\"" : "")} x=\"{left}\" y=\"{y + 3}\" width=\"{length:0.0}\" height=\"18\"/>")
                .Append(CultureInfo.InvariantCulture, $"<text x=\"{left + length + 6:0.0}\" y=\"{y + 16}\">{gbit:0.00}</text>\n");
        }
        return text.Append("</svg>\n").ToString();
    }

    static JsonSerializerOptions JsonOptions { get; } = new() { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.CamelCase };

    double Median(string name, Func<Figures, double> figure) => Middle([.. _figures[name].Select(figure).Order()]);

    double[] Ratios(string name, Func<Figures, double> figure) =>
        [.. _figures[name].Zip(_figures[Peer], (own, peer) => figure(own) / figure(peer)).Order()];

    static double Middle(double[] sorted) => sorted.Length % 2 == 1 ? sorted[sorted.Length / 2] : (sorted[sorted.Length / 2 - 1] + sorted[sorted.Length / 2]) / 2;
}
