using TeredoSdk.Protocol.Client;

namespace TeredoSdk.Cli;

/// <summary>How a place on the path looks.</summary>
enum PlaceState
{
    Unknown,
    Good,
    Weak,
    Broken,
}

/// <summary>A place on the path of a packet, with its verdict.</summary>
/// <param name="Name">What it is.</param>
/// <param name="State">The verdict.</param>
/// <param name="Lines">The verdict in words, two short lines at most.</param>
sealed record DoctorPlace(string Name, PlaceState State, IReadOnlyList<string> Lines)
{
    /// <summary>The path from the application to the peer.</summary>
    public static IReadOnlyList<DoctorPlace> PathOf(TeredoDiagnosis diagnosis, TeredoDoctorOptions options)
    {
        var report = diagnosis.Report;
        return
        [
            Make("Application", diagnosis,
                report.Address is null ? PlaceState.Unknown : PlaceState.Good,
                report.Address is { } address ? $"{address}" : "no Teredo address", report.KernelSockets ? "kernel sockets" : report.Address is null ? "" : "sockets inside the process"),
            Make("NAT", diagnosis, report.Mapping == MappingBehaviour.NotChecked ? PlaceState.Unknown : PlaceState.Good,
                report.Mapping == MappingBehaviour.NotChecked ? "not checked" : report.NatName == "none" ? "there is none" : report.NatName,
                report.MappedEndPoint is { } mapped ? $"seen as {mapped}" : ""),
            Make("Server", diagnosis,
                report.Address is null ? PlaceState.Unknown : PlaceState.Good,
                report.Server is { } server ? $"{server} answers" : "no server answers", report.SecondaryServer is { } secondary ? $"and {secondary}" : ""),
            Make("Peer", diagnosis, report.Reachability == Reachability.Yes ? PlaceState.Good : PlaceState.Unknown,
                report.Reachability switch
                {
                    Reachability.Yes => "strangers get in",
                    Reachability.No => report.Address is null ? "has no address to reach" : "strangers do not get in",
                    _ => "strangers: not checked",
                },
                options.Peer?.Address is { } other ? $"{other}" : ""),
        ];
    }

    static DoctorPlace Make(string name, TeredoDiagnosis diagnosis, PlaceState otherwise, params string[] lines)
    {
        var here = diagnosis.Findings.Where(finding => PlaceOf(finding.Id) == name).Select(finding => finding.Severity);
        var state = here.DefaultIfEmpty(FindingSeverity.Note).Max() switch
        {
            FindingSeverity.Error => PlaceState.Broken,
            FindingSeverity.Warning when otherwise != PlaceState.Unknown => PlaceState.Weak,
            _ => otherwise,
        };
        return new(name, state, [.. lines.Where(line => line.Length > 0)]);
    }

    static string PlaceOf(string id) => id.Split('.')[0] switch
    {
        "nat" => "NAT",
        "server" => "Server",
        "peer" or "reachability" => "Peer",
        "error" when id == FindingIds.Of(TeredoError.NoServer) => "Server",
        _ => "Application",
    };
}
