namespace TeredoSdk.Repetition;

/// <summary>What to run, how often, and beside what.</summary>
sealed record Plan
{
    public int Runs { get; init; } = 200;

    /// <summary>After how many minutes no further run of a project is begun.</summary>
    public int Minutes { get; init; } = int.MaxValue;

    public int Load { get; init; }

    public int PerProcess { get; init; } = 1;

    public bool Loop { get; init; }

    public bool RandomSeeds { get; init; }

    public string? Filter { get; init; }

    public IReadOnlyList<string> Projects { get; init; } = [];

    /// <summary>What of a project is run, in words for the file of results.</summary>
    public string Scope => (Filter ?? (Loop ? "without slow tests" : "all")) + (RandomSeeds ? ", random seeds" : "")
        + (PerProcess > 1 ? $", {PerProcess} in each process" : "");
}
