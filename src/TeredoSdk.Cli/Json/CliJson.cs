using System.Net;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using TeredoSdk.Protocol;
using TeredoSdk.Protocol.Client;
using TeredoSdk.Setup;
using TeredoSdk.Windows;

namespace TeredoSdk.Cli.Json;

/// <summary>How documents are written: camelCase, addresses and names as text.</summary>
[JsonSourceGenerationOptions(GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(FailureDocument))]
[JsonSerializable(typeof(StatusFailureDocument))]
[JsonSerializable(typeof(DecodeDocument))]
[JsonSerializable(typeof(TeredoReport))]
[JsonSerializable(typeof(EchoDocument))]
[JsonSerializable(typeof(ConversationDocument))]
[JsonSerializable(typeof(PingDocument))]
[JsonSerializable(typeof(ServerDocument))]
[JsonSerializable(typeof(ClientDocument))]
[JsonSerializable(typeof(RelayDocument))]
[JsonSerializable(typeof(PlanDocument))]
sealed partial class CliJson : JsonSerializerContext
{
    const int Utf8 = 65001; // its code page

    /// <summary>
    /// Indented, and with nothing escaped that need not be: a console of Windows without UTF-8 has few letters, so there all but ASCII is.
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
            Names<PortMappingState>(),
            Names<NativeIPv6Mode>(),
            Names<MappingBehaviour>(),
            Names<FilteringBehaviour>(),
            Names<DropReason>(),
            Names<TeredoType>(),
            Names<TeredoSettingSource>(),
            Names<TeredoClientState>(),
            Names<FirewallHealth>(),
            Names<FirewallGeneration>(),
            Names<FirewallProfiles>(),
            Names<FirewallAction>(),
            Names<FirewallDirection>(),
            Names<FirewallProtocol>(),
            Names<FirewallExceptionState>(),
            Names<EdgeTraversal>(),
            Names<SetupStepKind>(),
        },
    });

    static JsonStringEnumConverter<T> Names<T>() where T : struct, Enum => new(JsonNamingPolicy.CamelCase);

    /// <summary>Writes a value as its text; documents are only written.</summary>
    sealed class TextConverter<T> : JsonConverter<T> where T : class
    {
        public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            throw new NotSupportedException("The command's documents are only written.");

        public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) => writer.WriteStringValue(value.ToString());
    }
}
