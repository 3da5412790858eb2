namespace TeredoSdk.Telemetry;

/// <summary>The categories of the log messages: the names of the public types that the messages are about.</summary>
static class LogCategories
{
    public const string Node = "TeredoSdk.TeredoNode", InterfaceHost = "TeredoSdk.TeredoInterfaceHost",
        RelayHost = "TeredoSdk.TeredoRelayHost", ServerHost = "TeredoSdk.TeredoServerHost";
}
