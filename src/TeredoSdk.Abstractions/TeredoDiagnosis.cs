namespace TeredoSdk;

/// <summary>What a doctor found.</summary>
public sealed record TeredoDiagnosis
{
    /// <summary>
    /// The state of the node that the doctor started; without an address when it got none. <see cref="TeredoReport.Address"/> and
    /// <see cref="TeredoReport.Reachability"/> are two answers: a node with an address may still be out of reach.
    /// </summary>
    public required TeredoReport Report { get; init; }

    /// <summary>What is wrong or worth knowing: errors before warnings before notes, and among these the cause before the symptom.</summary>
    public required IReadOnlyList<Finding> Findings { get; init => field = ValueList.Of(value); }

    /// <summary>Whether nothing keeps Teredo, or what was asked for, from working.</summary>
    public bool IsSound => !Findings.Any(finding => finding.Severity == FindingSeverity.Error);
}
