using Spectre.Console;
using TeredoSdk.Cli.Json;

namespace TeredoSdk.Cli;

/// <summary>Prints a report as a table.</summary>
static class ReportTable
{
    public static void Print(TeredoReport report, PairDocument? pair = null) =>
        Print(pair is null ? Rows(report) : Rows(report).Append(("to peer", Text(pair.ToPeer))).Append(("from peer", Text(pair.FromPeer))));

    /// <summary>Prints only the rows of Windows, for a machine without an address.</summary>
    public static void Print(WindowsReport report) => Print([.. Findings(report.Findings), .. WindowsRows.Of(report)]);

    // Turns an enum value into words, for example NotChecked into "not checked".
    public static string Words<T>(T value) where T : struct, Enum =>
        string.Concat(value.ToString().Select((c, i) => char.IsUpper(c) ? (i > 0 ? " " : "") + char.ToLowerInvariant(c) : c.ToString()));

    static void Print(IEnumerable<(string Name, string Value)> rows)
    {
        if (Console.IsOutputRedirected) // plain text, without colours and line breaks
        {
            foreach (var (name, value) in rows)
                StandardStreams.WriteLine($"{name,-15} {value}");
            return;
        }
        PrintToTerminal(rows);
    }

    // A method of its own, so that Spectre.Console is loaded only when needed.
    static void PrintToTerminal(IEnumerable<(string Name, string Value)> rows)
    {
        var table = new Table { Border = TableBorder.None, ShowHeaders = false };
        table.AddColumn(new TableColumn("") { NoWrap = true }).AddColumn("");
        foreach (var (name, value) in rows)
            table.AddRow(new Text(name, new Style(decoration: Decoration.Dim)), new Text(value));
        AnsiConsole.Write(table);
    }

    public static IEnumerable<(string Name, string Value)> Rows(TeredoReport report)
    {
        yield return ("state", Words(report.State));
        yield return ("address", Known(report.Address));
        yield return ("reachable", report.Reachability == Reachability.NotChecked
            ? "not checked: no packet of a stranger has come in yet" : Words(report.Reachability));
        yield return ("provider",
            $"{Words(report.Provider)}, {(report.KernelSockets ? "kernel sockets" : "sockets inside the process")}");
        foreach (var passed in report.PassedOver)
            yield return ("passed over", $"{passed.Way}: {passed.Reason}");
        yield return ("server", report.SecondaryServer is { } secondary ? $"{Known(report.Server)}, secondary {secondary}" : Known(report.Server));
        yield return ("nat",
            $"{report.NatName} (mapping {Words(report.Mapping)}, filtering {Words(report.Filtering)}, ports {Ports(report.PortPreserving)})");
        yield return ("local endpoint", Known(report.LocalEndPoint));
        yield return ("mapped endpoint", Known(report.MappedEndPoint));
        if (report.PortMappingEndPoint is { } external)
            yield return ("port mapping", $"{external} by {report.PortMappingProtocol}");
        if (report.PortMappingProblem is { } unmapped)
            yield return ("port mapping", Wording.Of(unmapped));
        if (report.RefreshInterval is { } refresh)
            yield return ("refresh", $"every {refresh.TotalSeconds:0.#} s at most");
        yield return ("mtu", report.MtuOctets is { } mtu ? $"{mtu} octets" : "not known");
        if (report.LargePacketsArrive is { } arrive)
            yield return ("large packets", arrive ? "arrive" : "are lost on the way; TCP sends smaller ones, and datagrams should be small, too");
        if (report.Datapath is { } datapath)
            yield return ("datapath", Text(datapath));
        yield return ("native ipv6", report.HasNativeIPv6
            ? $"yes, Teredo {(report.NativeIPv6 == NativeIPv6Mode.Beside ? "stays up beside it" : "gives way to it")}" : "no");
        foreach (var (reason, count) in report.Drops)
            yield return ("dropped", $"{count} {reason}");
        foreach (var row in Findings(report.Findings))
            yield return row;
        if (report.Windows is not { } windows)
            yield break;
        // What keeps Windows' Teredo from working is no problem of a node with another provider.
        foreach (var row in report.Provider == TeredoProvider.Windows ? [] : Findings(windows.Findings.Select(AtMostWarning)))
            yield return row;
        foreach (var row in WindowsRows.Of(windows))
            yield return row;
    }

    static string Text(TeredoDatapathReport datapath)
    {
        string lost = (datapath.LostDatagrams, datapath.LostPackets) switch
        {
            (0, 0) => "",
            (var datagrams, 0) => $"; the receive buffer was full for {datagrams} datagrams",
            var (datagrams, packets) => $"; the receive buffer was full for {datagrams} datagrams, and {packets} packets were lost at the device",
        };
        return string.Join(" ", [Words(datapath.Way) + lost + (datapath.Reasons.Count > 0 ? "." : ""), .. datapath.Reasons]);
    }

    static string Text(ConnectionForecast forecast) => $"{Words(forecast.Forecast)}: {forecast.Reason}";

    static Finding AtMostWarning(Finding finding) => finding.Severity == FindingSeverity.Error ? finding with { Severity = FindingSeverity.Warning } : finding;

    static IEnumerable<(string Name, string Value)> Findings(IEnumerable<Finding> findings) => findings.Select(finding =>
        (finding.Severity == FindingSeverity.Error ? "problem" : Words(finding.Severity), Wording.Of(finding.Sentence)));

    static string Known(object? value) => value?.ToString() ?? "not known";

    static string Ports(bool? kept) => kept switch
    {
        true => "kept",
        false => "changed",
        null => "not known",
    };
}
