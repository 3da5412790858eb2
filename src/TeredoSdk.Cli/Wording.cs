using System.Text.Json;
using TeredoSdk.Windows.Setup;

namespace TeredoSdk.Cli;

/// <summary>Replaces names of SDK properties in messages by the names of the command's options.</summary>
static class Wording
{
    static readonly (string Property, string Option)[] Names =
    [
        ("TeredoOptions.Servers", "--server"),
        (nameof(TeredoOptions.Servers), "--server"),
        (nameof(TeredoOptions.AllowPrivateAddresses), "--allow-private"),
        (nameof(TeredoOptions.RequireSecondary), "--require-secondary"),
        (nameof(TeredoOptions.ClientPort), "--client-port"),
        (nameof(TeredoOptions.PortMappingGateway), "--gateway"),
        (nameof(TeredoOptions.RefreshInterval), "--refresh"),
        (nameof(TeredoOptions.QualificationTimeout), "--timeout"),
        (nameof(TeredoOptions.ConnectTimeout), "--connect-timeout"),
        ($", and start again; or set {nameof(TeredoOptions.WaitForNetwork)}", ", and start again"),
        ("SendProxyHeader is True; expected false with ToPeer", "--proxy does not go with --to"),
        (nameof(TeredoForwardOptions.IdleTimeout), "--idle"),
        ("NativeIPv6 is Instead", "--native-ipv6 is instead"),
        ("Use Beside", "Use beside"),
        (", or null", ""),
        (nameof(TeredoServerHostOptions.ReflectAddress), "--reflect-address"),
        (nameof(TeredoServerHostOptions.SecondaryAddress), "--secondary-address"),
        ("ServedPrefixes", "--prefix"),
        (nameof(TeredoRelayHostOptions.Prefixes), "--prefix"),
        (nameof(TeredoRelayHostOptions.InterfaceName), "--interface"),
        ($"{nameof(TeredoNode.Report)} says why, and {nameof(TeredoNode.StateChanges)} tells", "teredo status says why, and --verbose tells"),
        ($", or {nameof(TeredoServerHost)} inside a program", ""),
        (nameof(TeredoSetupOptions.EnableTeredo), "--enable-teredo"),
    ];

    public static string Of(Exception exception)
    {
        string text = exception.Message;
        if (exception is ArgumentException { ParamName: { } parameter })
            text = text.Replace($" (Parameter '{parameter}')", "", StringComparison.Ordinal);
        return Of(text);
    }

    /// <summary>The name of an error in a document.</summary>
    public static string Of(TeredoError error) => JsonNamingPolicy.CamelCase.ConvertName(error.ToString());

    public static string Of(string text)
    {
        foreach (var (property, option) in Names)
            text = text.Replace(property, option, StringComparison.Ordinal);
        return text.ReplaceLineEndings(" ");
    }
}
