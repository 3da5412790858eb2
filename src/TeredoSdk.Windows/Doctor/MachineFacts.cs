namespace TeredoSdk.Windows.Doctor;

/// <summary>An answer of Windows, or the reason why there is none.</summary>
/// <param name="Value">The answer.</param>
/// <param name="Reason">Why there is none; null when there is one.</param>
sealed record Told<T>(T? Value, string? Reason)
{
    public Reading<T> ToReading() => Reason is null ? Reading.Of(Value!) : Reading.Unknown<T>(Reason);
}

/// <summary>Makes answers.</summary>
static class Told
{
    public static Told<T> Of<T>(Reading<T> reading) => new(reading.ValueOrDefault, reading.Reason);
}

/// <summary>All that a Windows said when it was asked everything that the SDK ever asks, so that a fake Windows can say the same.</summary>
sealed record MachineFacts
{
    public required string SdkVersion { get; init; }

    public required string WindowsVersion { get; init; }

    public required bool IsElevated { get; init; }

    /// <summary>The program whose firewall exception is judged.</summary>
    public string? ProgramPath { get; init; }

    public bool ProgramExists { get; init; }

    public required IReadOnlyDictionary<string, Told<WindowsService>> Services { get; init; }

    public required IReadOnlyList<RegistryFact> Registry { get; init; }

    public required Told<TeredoConfiguration> Configuration { get; init; }

    /// <summary>All properties of the CIM instances, as CIM writes them.</summary>
    public required Told<string> CimText { get; init; }

    public required Told<int> TeredoPort { get; init; }

    public required Told<IReadOnlyList<WindowsListener>> Listeners { get; init; }

    public required Told<IReadOnlyList<WindowsAdapter>> Adapters { get; init; }

    public required FirewallFacts Firewall { get; init; }

    /// <summary>The state of the client before it was woken.</summary>
    public required ClientFacts Before { get; init; }

    /// <summary>The state of the client some time after it was woken.</summary>
    public required ClientFacts After { get; init; }

    public required WakeFact Wake { get; init; }

    /// <summary>A rule that was written, read back and removed; null when that was not asked for.</summary>
    public ProbeFact? Probe { get; init; }

    /// <summary>Every call in its order.</summary>
    public required IReadOnlyList<CallFact> Calls { get; init; }
}

/// <summary>A value below HKEY_LOCAL_MACHINE. Number and text are both null when there is no such value.</summary>
sealed record RegistryFact(string Key, string Name, int? Number, string? Text, string? Reason);

/// <summary>What the firewall said.</summary>
sealed record FirewallFacts(
    Told<FirewallStatus> Status, Told<IReadOnlyList<string>> Products, Told<IReadOnlyList<FirewallRule>> Rules,
    Told<FirewallHealth> Health, Told<IReadOnlyList<EdgeTraversalFilter>> EdgeFilters);

/// <summary>What is told of the Teredo client at one time.</summary>
sealed record ClientFacts(Told<TeredoStatus> Cim, Told<NetshOutput> Netsh, Told<IReadOnlyList<WindowsAddress>> Addresses);

/// <summary>How the wake went.</summary>
sealed record WakeFact(string? Reason, double Milliseconds);

/// <summary>How a rule was written, seen and removed.</summary>
/// <param name="Written">The rule.</param>
/// <param name="Problem">Why it could not be written, read or removed; null when it could.</param>
/// <param name="SeenAfterMilliseconds">When it was seen first; null when it never was.</param>
/// <param name="Differences">What reads back differently.</param>
/// <param name="IsRemoved">Whether it was gone at the end.</param>
sealed record ProbeFact(FirewallRule Written, string? Problem, double? SeenAfterMilliseconds, IReadOnlyList<string> Differences, bool IsRemoved);

/// <summary>A call of Windows, how long it took, and why it failed.</summary>
sealed record CallFact(string Name, double Milliseconds, string? Reason);
