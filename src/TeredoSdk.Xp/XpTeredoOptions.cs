using System;

namespace TeredoSdk.Xp;

/// <summary>The settings that <see cref="XpTeredo.Prepare"/> establishes.</summary>
public sealed class XpTeredoOptions
{
    /// <summary>The Teredo server: a host name or an IPv4 address. Null (the default) keeps the server that Windows has.</summary>
    public string? Server { get; set; }

    /// <summary>
    /// The UDP port of the Teredo client to open in the firewall, 1 to 65535. Null (the default) opens no port. Windows XP has no call that
    /// tells the port, so this must be a port that was set for the client.
    /// </summary>
    public int? UdpPort { get; set; }

    /// <summary>The name of the port exception. The firewall's settings show it, and it tells whose exception it is. Not empty.</summary>
    public string PortName { get; set; } = "Teredo (TeredoSdk)";

    /// <summary>How long to wait for a Teredo address; zero checks once. The default is 30 seconds.</summary>
    public TimeSpan AddressTimeout { get; set; } = TimeSpan.FromSeconds(30);
}
