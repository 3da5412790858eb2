using System;

namespace TeredoSdk.Xp;

/// <summary>What <see cref="XpTeredo.Prepare"/> shall reach.</summary>
public sealed class XpTeredoOptions
{
    /// <summary>The Teredo server: a host name or an IPv4 address. Null (the default): the one that Windows has set.</summary>
    public string? Server { get; set; }

    /// <summary>
    /// The UDP port of the Teredo client to open in the firewall, 1 to 65535. Null (the default): none is opened. Windows XP has no call that
    /// tells the port, so it must be one that was given to the client.
    /// </summary>
    public int? UdpPort { get; set; }

    /// <summary>The name of the port exception, as people see it in the firewall and as it is recognised as one's own. Not empty.</summary>
    public string PortName { get; set; } = "Teredo (TeredoSdk)";

    /// <summary>How long to wait for a Teredo address. Zero: look once. The default is 30 seconds.</summary>
    public TimeSpan AddressTimeout { get; set; } = TimeSpan.FromSeconds(30);
}
