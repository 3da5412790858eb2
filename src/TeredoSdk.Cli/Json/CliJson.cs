using System.Net;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using TeredoSdk.Protocol;
using TeredoSdk.Protocol.Client;
using TeredoSdk.Windows;
using TeredoSdk.Windows.Setup;

namespace TeredoSdk.Cli.Json;

/// <summary>How JSON documents are written: names in camelCase, addresses and enum values as text.</summary>
[JsonSourceGenerationOptions(GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(FailureDocument))]
[JsonSerializable(typeof(StatusFailureDocument))]
[JsonSerializable(typeof(DecodeDocument))]
[JsonSerializable(typeof(TeredoReport))]
[JsonSerializable(typeof(PairDocument))]
[JsonSerializable(typeof(DoctorDocument))]
[JsonSerializable(typeof(EchoDocument))]
[JsonSerializable(typeof(ConversationDocument))]
[JsonSerializable(typeof(ForwardsDocument))]
[JsonSerializable(typeof(PingDocument))]
[JsonSerializable(typeof(ServerDocument))]
[JsonSerializable(typeof(ClientDocument))]
[JsonSerializable(typeof(RelayDocument))]
[JsonSerializable(typeof(PlanDocument))]
[JsonSerializable(typeof(ServicePlanDocument))]
sealed partial class CliJson : JsonSerializerContext
{
    const int Utf8 = 65001; // the code page of UTF-8

    /// <summary>
    /// Indented, and with as little escaped as possible. On a Windows console without UTF-8, everything but ASCII is escaped, because such a console
    /// has few characters.
    /// </summary>
    public static CliJson ForPeople { get; } = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        DictionaryKeyPolicy = JsonNamingPolicy.CamelCase,
        WriteIndented = true,
        Encoder = Console.OutputEncoding.CodePage == Utf8 ? JavaScriptEncoder.UnsafeRelaxedJsonEscaping : JavaScriptEncoder.Default,
        Converters =
        {
            new TextConverter<IPAddress>(),
            new TextConverter<IPEndPoint>(),
            Names<TeredoProvider>(),
            Names<TeredoState>(),
            Names<TeredoError>(),
            Names<Reachability>(),
            Names<Forecast>(),
            Names<PortMappingState>(),
            Names<NativeIPv6Mode>(),
            Names<MappingBehaviour>(),
            Names<FilteringBehaviour>(),
            Names<DropReason>(),
            Names<TeredoType>(),
            Names<TeredoSettingSource>(),
            Names<TeredoClientState>(),
            Names<FirewallHealth>(),
            Names<FirewallProfiles>(),
            Names<FirewallAction>(),
            Names<FirewallDirection>(),
            Names<FirewallProtocol>(),
            Names<FindingSeverity>(),
            Names<EdgeTraversal>(),
            Names<SetupStepKind>(),
            Names<FindingSeverity>(),
        },
    });

    static JsonStringEnumConverter<T> Names<T>() where T : struct, Enum => new(JsonNamingPolicy.CamelCase);

    /// <summary>Writes a value as text. It can't read, because the command only writes documents.</summary>
    sealed class TextConverter<T> : JsonConverter<T> where T : class
    {
        public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            throw new NotSupportedException("The command only writes documents; it can't read them.");

        public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) => writer.WriteStringValue(value.ToString());
    }
}
