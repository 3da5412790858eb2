namespace TeredoSdk.Platform.Probe;

/// <summary>The options of all nodes: a laboratory's addresses, and what the environment says.</summary>
static class Options
{
    public static TeredoOptions Create() => new()
    {
        AllowPrivateAddresses = true,
        RefreshInterval = Environment.GetEnvironmentVariable("PROBE_REFRESH") is { } seconds
            ? TimeSpan.FromSeconds(int.Parse(seconds, null)) : TimeSpan.FromSeconds(30),
        PortMapping = Environment.GetEnvironmentVariable("PROBE_MAPPING") is not null,
    };

    /// <summary>The same without kernel sockets.</summary>
    public static TeredoOptions CreateInProcess()
    {
        var options = Create();
        options.Sockets = TeredoSockets.InProcess;
        return options;
    }
}
