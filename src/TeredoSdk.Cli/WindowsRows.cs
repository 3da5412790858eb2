using TeredoSdk.Windows;

namespace TeredoSdk.Cli;

/// <summary>The Windows part of a report, as rows of a table.</summary>
static class WindowsRows
{
    public static IEnumerable<(string Name, string Value)> Of(WindowsReport report) =>
    [
        .. Teredo(report), .. Services(report), .. Firewall(report), .. Filters(report),
        .. report.Steps.Select(step => ("step", step)),
        .. report.NotKnown.Select(part => ("not known", $"{part.Subject}: {part.Sentence}")),
    ];

    static IEnumerable<(string Name, string Value)> Teredo(WindowsReport report)
    {
        yield return ("windows", $"{report.Version}, {(report.IsElevated ? "with" : "without")} an administrator's rights");
        yield return ("teredo type", report.Type is { } type ? $"{Words(type)}, set by {SetBy(report.TypeSource)}" : "not known");
        yield return ("teredo state", report.StateError is { } error ? $"{Known(report.State)}: {error}" : Known(report.State));
        yield return ("teredo server", report.ServerName ?? "not known");
        yield return ("windows nat", report.Nat ?? "not known");
        yield return ("teredo port", report.TeredoPort?.ToString(null, null) ?? "not known");
        yield return ("interface", report.InterfaceName ?? "no interface has a Teredo address");
        yield return ("held by", report.Holds == 1 ? "1 open socket" : $"{report.Holds} open sockets");
    }

    static IEnumerable<(string Name, string Value)> Services(WindowsReport report) =>
        report.Services.Select(service => ("service", $"{service.Key} {(service.Value ? "runs" : "does not run")}"));

    static IEnumerable<(string Name, string Value)> Firewall(WindowsReport report)
    {
        yield return ("firewall", $"{Known(report.FirewallHealth)} by Windows Security");
        foreach (var profile in report.Profiles ?? [])
            yield return ("profile", $"{Words(profile.Profile)}: {Describe(profile)}");
        foreach (string product in report.Products ?? [])
            yield return ("other firewall", product);
        yield return ("exception", report.LetsStrangersIn is { } open ? open ? "strangers get in" : "no stranger gets in" : "not known");
        yield return ("edge rules", report.EdgeTraversalRules is { } rules ? $"{rules} rules allow a tunnel's traffic" : "not known");
    }

    static IEnumerable<(string Name, string Value)> Filters(WindowsReport report)
    {
        yield return ("default block", YesNo(report.HasDefaultBlockFilter));
        yield return ("permit filter", YesNo(report.HasPermitFilter));
        yield return ("dormancy filter", YesNo(report.HasDormancyFilter));
    }

    static string SetBy(TeredoSettingSource? source) => source switch
    {
        TeredoSettingSource.Default => "nobody: the system's default",
        TeredoSettingSource.Local => "this machine",
        TeredoSettingSource.Policy => "a group policy",
        _ => "an unknown source",
    };

    static string Describe(FirewallProfileStatus profile) => !profile.Enabled ? "off" : profile.BlocksAllInbound ? "on, blocks all incoming packets"
        : $"on, {(profile.DefaultInbound == FirewallAction.Block ? "blocks" : "allows")} packets without a rule";

    static string YesNo(bool? value) => value switch
    {
        true => "yes",
        false => "no",
        null => "not known",
    };

    static string Known<T>(T? value) where T : struct, Enum => value is { } known ? Words(known) : "not known";

    static string Words<T>(T value) where T : struct, Enum => ReportTable.Words(value);
}
