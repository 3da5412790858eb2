using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace TeredoSdk.Datapath;

/// <summary>What was measured of a part.</summary>
/// <param name="Machine">When, of which commit, and where.</param>
/// <param name="Rows">For each row the figures of each round, by the keys of the columns.</param>
sealed record Measured(string Machine, Dictionary<string, List<Dictionary<string, double>>> Rows)
{
    public void Add(Part part, string row, double[] figures)
    {
        if (!Rows.TryGetValue(row, out var rounds))
            Rows[row] = rounds = [];
        rounds.Add(part.Columns.Zip(figures, (column, figure) => (column.Key, figure)).ToDictionary());
    }

    /// <summary>The medians, and ratios to the first row in the same round with their spread.</summary>
    public string Table(Part part)
    {
        string[] headers = [.. part.Columns.SelectMany(column => column.Ratio is { } ratio ? [column.Header, ratio] : new[] { column.Header })];
        var text = new StringBuilder($"| |{string.Concat(headers.Select(header => $" {header} |"))}\n|---|{string.Concat(headers.Select(_ => "---|"))}\n");
        foreach (var (row, rounds) in Rows)
        {
            text.Append(CultureInfo.InvariantCulture, $"| {row} |");
            foreach (var column in part.Columns)
            {
                text.Append(CultureInfo.InvariantCulture, $" {Shown(Median(row, column.Key), column.Format)} |");
                if (column.Ratio is not null)
                    text.Append(CultureInfo.InvariantCulture, $" {Spread(row, column.Key)} |");
            }
            text.Append('\n');
        }
        return text.ToString();
    }

    public double Median(string row, string key) => Middle([.. Rows[row].Select(round => At(round, key)).Order()]);

    string Spread(string row, string key)
    {
        double[] ratios = [.. Rows[row].Zip(Rows.First().Value, (own, first) => At(own, key) / At(first, key)).Order()];
        string format = Middle(ratios) < 1.5 ? "0.00" : "0.0";
        return double.IsFinite(ratios[0]) ? $"{Shown(Middle(ratios), format)} ({Shown(ratios[0], format)} to {Shown(ratios[^1], format)})" : "not shown";
    }

    // A column may be younger than the measurement.
    static double At(Dictionary<string, double> round, string key) => round.GetValueOrDefault(key, double.NaN);

    static string Shown(double figure, string format) => double.IsFinite(figure) ? figure.ToString(format, CultureInfo.InvariantCulture) : "not shown";

    static double Middle(double[] sorted) => sorted.Length % 2 == 1 ? sorted[sorted.Length / 2] : (sorted[sorted.Length / 2 - 1] + sorted[sorted.Length / 2]) / 2;
}

/// <summary>The last measurement of each part, as the checkout keeps it: all figures as JSON, and tables and a picture that are made of them.</summary>
sealed class Results
{
    const string Begin = "<!-- datapath -->", End = "<!-- /datapath -->";
    static readonly JsonSerializerOptions Options = new()
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    readonly string _root;
    readonly Dictionary<string, Measured> _parts;

    public Results(string root)
    {
        _root = root;
        _parts = JsonSerializer.Deserialize<Dictionary<string, Measured>>(File.ReadAllText(At("results.json")), Options)!;
    }

    /// <summary>Replaces what was measured of a part, and writes all files.</summary>
    public void Keep(Part part, Measured measured)
    {
        _parts[part.Name] = measured;
        File.WriteAllText(At("results.json"), JsonSerializer.Serialize(_parts, Options) + "\n");
        string tables = string.Concat(Part.All.Where(shown => _parts.ContainsKey(shown.Name)).Select(Section));
        File.WriteAllText(At("results.md"), $"# The tunnel beside miredo\n{tables}");
        if (_parts.TryGetValue(Parts.Tunnel.Whole.Name, out var tunnel))
            File.WriteAllText(At("results.svg"), Picture(tunnel));
        string path = Path.Combine(_root, "README.md"), readme = File.ReadAllText(path);
        int from = readme.IndexOf(Begin, StringComparison.Ordinal), to = readme.IndexOf(End, StringComparison.Ordinal);
        if (from >= 0 && to > from)
            File.WriteAllText(path, readme[..(from + Begin.Length)] + tables.Replace("\n## ", "\n### ") + readme[to..]);
    }

    string At(string file) => Path.Combine(_root, "tests", "Benchmarks", "Datapath", file);

    string Section(Part part) => $"\n## {part.Title}\n\n{part.Explanation}\n\n{_parts[part.Name].Table(part)}\n{_parts[part.Name].Machine}.\n";

    // TCP goodput as bars.
    static string Picture(Measured tunnel)
    {
        const int width = 640, bar = 26, left = 110, top = 34;
        string key = Parts.Tunnel.Whole.Columns[0].Key;
        string[] names = [.. tunnel.Rows.Keys.Where(name => name != Way.Direct.Name)]; // beside the kernel alone the bars would be dots
        double most = names.Max(name => tunnel.Median(name, key));
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"""
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {top + bar * names.Length + 10}" role="img" font-family="system-ui, sans-serif" font-size="13">
            <style>text {'{'} fill: #1b1b1b {'}'} rect {'{'} fill: #2a6fb0 {'}'} .peer {'{'} fill: #8a8a8a {'}'} @media (prefers-color-scheme: dark) {'{'} text {'{'} fill: #eee {'}'} rect {'{'} fill: #6db1f2 {'}'} {'}'}</style>
            <title>TCP through the tunnel, Gbit/s</title>
            <text x="8" y="20">TCP through the tunnel, Gbit/s: median of {tunnel.Rows.First().Value.Count} rounds</text>

            """);
        for (int i = 0; i < names.Length; i++)
        {
            double gbit = tunnel.Median(names[i], key);
            double length = (width - left - 70) * gbit / most;
            int y = top + i * bar;
            text.Append(CultureInfo.InvariantCulture, $"<text x=\"8\" y=\"{y + 16}\">{names[i]}</text>")
                .Append(CultureInfo.InvariantCulture, $"<rect{(i == 0 ? " class=\"peer\"" : "")} x=\"{left}\" y=\"{y + 3}\" width=\"{length:0.0}\" height=\"18\"/>")
                .Append(CultureInfo.InvariantCulture, $"<text x=\"{left + length + 6:0.0}\" y=\"{y + 16}\">{gbit:0.00}</text>\n");
        }
        return text.Append("</svg>\n").ToString();
    }
}
