namespace TeredoSdk.Cli;

/// <summary>A diagnosis as lines for people.</summary>
static class DoctorText
{
    public static IEnumerable<string> Lines(TeredoDiagnosis diagnosis)
    {
        var report = diagnosis.Report;
        yield return $"address     {(report.Address is { } address ? $"{address}" : "none")}";
        yield return $"reachable   {Reachable(report)}";
        yield return $"findings    {Count(diagnosis)}";
        foreach (var finding in diagnosis.Findings)
        {
            yield return "";
            yield return $"{ReportTable.Words(finding.Severity),-11} {finding.Id}: {finding.Subject}";
            yield return $"            {Wording.Of(finding.Problem)}";
            foreach (string reading in finding.Evidence)
                yield return $"  read      {Wording.Of(reading)}";
            if (finding.SetBy is { } who)
                yield return $"  set by    {who}";
            if (finding.Fix is { } fix)
                yield return $"  fix       {Wording.Of(fix.Sentence)}{Conditions(fix)}";
        }
    }

    /// <summary>Whether strangers get in, in words.</summary>
    public static string Reachable(TeredoReport report) => report switch
    {
        { Reachability: Reachability.Yes } => "yes: a packet of a stranger came in",
        { Address: null } => "no: there is no address",
        { Reachability: Reachability.No } => "no: a stranger sent, and nothing came in",
        _ => "not checked: no packet of a stranger has come in yet",
    };

    /// <summary>How many findings there are of each severity.</summary>
    public static string Count(TeredoDiagnosis diagnosis) => diagnosis.Findings.Count == 0 ? "none: nothing is wrong" : string.Join(", ",
        diagnosis.Findings.GroupBy(finding => finding.Severity).Select(group =>
            $"{group.Count()} {ReportTable.Words(group.Key)}{(group.Count() == 1 ? "" : "s")}"));

    /// <summary>What the step needs, in words.</summary>
    public static string Conditions(Fix fix) => (fix.NeedsAdministrator, fix.IsReversible) switch
    {
        (true, true) => " (needs an administrator)",
        (true, false) => " (needs an administrator; can't be taken back)",
        (false, false) => " (can't be taken back)",
        _ => "",
    };
}
