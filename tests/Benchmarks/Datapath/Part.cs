namespace TeredoSdk.Datapath;

/// <summary>A figure of a table.</summary>
/// <param name="Key">Its name in the file of all figures.</param>
/// <param name="Header">What the table calls it, with its unit.</param>
/// <param name="Format">How the median is written.</param>
/// <param name="Ratio">The header of a further column: the ratio to the first row in the same round, with its spread; null for none.</param>
sealed record Column(string Key, string Header, string Format, string? Ratio = null);

/// <summary>A table: what is measured by itself, and shown by itself.</summary>
/// <param name="Name">What the command calls it.</param>
/// <param name="Title">Its heading.</param>
/// <param name="Explanation">What is measured, and how, for its readers.</param>
/// <param name="Rows">What is compared. Ratios are to the first one.</param>
/// <param name="Columns">The figures of a row.</param>
/// <param name="MeasureAsync">Measures a row once, with each load for so long, and returns a figure for each column; NaN for what was not shown.</param>
sealed record Part(string Name, string Title, string Explanation, string[] Rows, Column[] Columns, Func<string, TimeSpan, Task<double[]>> MeasureAsync)
{
    /// <summary>How many rounds make sense: what is not compared with anything needs few.</summary>
    public int MaxRounds { get; init; } = 100;

    /// <summary>How many times as long as the others a load of this part goes on, because its figures need that time.</summary>
    public int TimesAsLong { get; init; } = 1;

    public static IReadOnlyList<Part> All { get; } =
    [
        Parts.Tunnel.Whole, Parts.Tunnel.Plain, Parts.Tunnel.Uplink, Parts.Rootless.Part, Parts.Streams.Part, .. Parts.Streams.Lossy, Parts.Peers.Part, Parts.Server.Part,
        Parts.Connections.Part, Parts.Tables.Part, Parts.Hashes.Part,
    ];
}
