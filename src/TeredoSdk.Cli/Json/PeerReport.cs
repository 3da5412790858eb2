using System.Net;
using System.Text.Json;
using TeredoSdk.Protocol;
using TeredoSdk.Protocol.Client;

namespace TeredoSdk.Cli.Json;

/// <summary>The report of another node, from a file that somebody sent: what <c>teredo status --json</c> printed there.</summary>
/// <remarks>Only what the forecast needs is read, and no text of the file is ever shown.</remarks>
static class PeerReport
{
    const int MaxOctets = 1 << 20;

    /// <exception cref="BadArgumentsException">The file can't be read, or is no report.</exception>
    public static TeredoReport Read(string path)
    {
        try
        {
            using var file = File.OpenRead(path);
            if (file.CanSeek && file.Length > MaxOctets)
                throw Bad(path, $"it has {file.Length} octets");
            using var document = JsonDocument.Parse(file);
            var root = document.RootElement;
            return Read(root.ValueKind == JsonValueKind.Object && root.TryGetProperty("report", out var report) ? report : root);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new BadArgumentsException($"The file '{path}' of --peer can't be read: {e.Message}");
        }
        catch (JsonException e)
        {
            throw Bad(path, e.LineNumber is { } line ? $"line {line + 1} is no JSON" : e.Message);
        }
    }

    static TeredoReport Read(JsonElement report)
    {
        if (report.ValueKind != JsonValueKind.Object)
            throw new JsonException("it has no report");
        return new()
        {
            Provider = Required<TeredoProvider>(report, "provider"),
            KernelSockets = false,
            State = Required<TeredoState>(report, "state"),
            Address = Address(report),
            Reachability = Required<Reachability>(report, "reachability"),
            Mapping = Required<MappingBehaviour>(report, "mapping"),
            Filtering = Required<FilteringBehaviour>(report, "filtering"),
            NatName = "",
            PortPreserving = Flag(report, "portPreserving"),
            SequentialPorts = Flag(report, "sequentialPorts"),
            SeveralAddresses = Flag(report, "severalAddresses"),
            PortMapping = Required<PortMappingState>(report, "portMapping"),
            NativeIPv6 = Required<NativeIPv6Mode>(report, "nativeIPv6"),
            HasNativeIPv6 = Flag(report, "hasNativeIPv6") ?? throw new JsonException("it has no hasNativeIPv6"),
            Sockets = 0,
            UnrestrictedSockets = 0,
            Peers = 0,
            Drops = new Dictionary<DropReason, long>(),
        };
    }

    static T Required<T>(JsonElement report, string name) where T : struct, Enum =>
        report.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String && !char.IsAsciiDigit(value.GetString()!.FirstOrDefault())
        && Enum.TryParse<T>(value.GetString(), ignoreCase: true, out var result) && Enum.IsDefined(result) ? result
            : throw new JsonException($"it has no valid {name}");

    static bool? Flag(JsonElement report, string name) => !report.TryGetProperty(name, out var value) ? null : value.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        JsonValueKind.Null => null,
        _ => throw new JsonException($"it has no valid {name}"),
    };

    static IPAddress? Address(JsonElement report) =>
        !report.TryGetProperty("address", out var value) || value.ValueKind == JsonValueKind.Null ? null
        : value.ValueKind == JsonValueKind.String && IPAddress.TryParse(value.GetString(), out var address) && address.IsIPv6Teredo ? address
        : throw new JsonException("it has no valid address");

    static BadArgumentsException Bad(string path, string why) => new(
        $"The file '{path}' of --peer is no report of a node ({why}). Expected what teredo status --json printed at the other end.");
}
