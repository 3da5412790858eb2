using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace TeredoSdk.Windows.Doctor;

/// <summary>
/// The report of a machine as a text: <c>{ format, version, redacted, facts, digest }</c>. The digest is that of the facts, whatever blanks are between
/// them.
/// </summary>
static class MachineFactsFile
{
    const string Format = "teredosdk-machine-report";
    const int Version = 1, MaxOctets = 64 << 20;

    public static string Write(MachineFacts facts, bool isRedacted)
    {
        var node = JsonSerializer.SerializeToNode(facts, MachineJson.ForFiles.MachineFacts)!;
        if (isRedacted)
            new Redaction(facts).Apply(node);
        string text = node.ToJsonString(MachineJson.ForFiles.Options);
        return new JsonObject
        {
            ["format"] = Format,
            ["version"] = Version,
            ["redacted"] = isRedacted,
            ["facts"] = JsonNode.Parse(text),
            ["digest"] = DigestOf(JsonNode.Parse(text)!),
        }.ToJsonString(MachineJson.ForFiles.Options);
    }

    /// <exception cref="InvalidDataException">It is no such report, of another version, too large, or was changed.</exception>
    public static MachineFacts Read(string path)
    {
        using var file = File.OpenRead(path);
        if (file.Length > MaxOctets)
            throw Bad($"has {file.Length} octets, and a report has {MaxOctets} at most");
        try
        {
            return JsonNode.Parse(file, null, new() { AllowDuplicateProperties = false }) is JsonObject root ? Read(root) : throw Bad("is no report of teredo doctor --report");
        }
        catch (JsonException e)
        {
            throw Bad(e.LineNumber is { } line ? $"is no report: line {line + 1} does not fit" : $"is no report: {e.Message}", e);
        }
        catch (InvalidOperationException e)
        {
            throw Bad("is no report: a value is of another kind", e);
        }

        InvalidDataException Bad(string why, Exception? cause = null) => new($"The file '{path}' {why}. Make one with teredo doctor --report on a Windows machine.", cause);

        MachineFacts Read(JsonObject root)
        {
            if (root["format"]?.GetValue<string>() != Format || root["facts"] is not JsonObject facts)
                throw Bad("is no report of teredo doctor --report");
            if (root["version"]?.GetValue<int>() is not Version and var version)
                throw Bad($"is a report of version {version}, and this SDK reads version {Version}");
            if (root["digest"]?.GetValue<string>() != DigestOf(facts))
                throw Bad("was changed after it was written, so it does not tell what the machine said");
            var told = facts.Deserialize(MachineJson.ForFiles.MachineFacts)!;
            return System.Version.TryParse(told.WindowsVersion, out _) ? told : throw Bad($"is no report: '{told.WindowsVersion}' is no version of Windows");
        }
    }

    static string DigestOf(JsonNode facts) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(facts.ToJsonString())));
}

/// <summary>How a report of a machine is written.</summary>
[JsonSourceGenerationOptions(GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(MachineFacts))]
sealed partial class MachineJson : JsonSerializerContext
{
    public static MachineJson ForFiles { get; } = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        IgnoreReadOnlyProperties = true,
        RespectNullableAnnotations = true,
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters =
        {
            new TextConverter<IPAddress>(text => System.Net.IPAddress.TryParse(text, out var address) ? address : null),
            new TextConverter<IPEndPoint>(text => System.Net.IPEndPoint.TryParse(text, out var endPoint) ? endPoint : null),
            Names<FirewallProtocol>(),
            Names<FirewallDirection>(),
            Names<FirewallProfiles>(),
            Names<FirewallAction>(),
            Names<FirewallModifyState>(),
            Names<FirewallHealth>(),
            Names<EdgeTraversal>(),
            Names<EdgeTraversalFilterKind>(),
            Names<TeredoType>(),
            Names<TeredoClientState>(),
            Names<ServiceStartType>(),
            Names<System.Net.NetworkInformation.DuplicateAddressDetectionState>(),
        },
    });

    static JsonStringEnumConverter<T> Names<T>() where T : struct, Enum => new(JsonNamingPolicy.CamelCase);
}

/// <summary>Addresses and endpoints as text.</summary>
sealed class TextConverter<T>(Func<string, T?> parse) : JsonConverter<T> where T : class
{
    public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        parse(reader.GetString() ?? "") ?? throw new JsonException($"there is no {typeof(T).Name}");

    public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) => writer.WriteStringValue(value.ToString());
}
