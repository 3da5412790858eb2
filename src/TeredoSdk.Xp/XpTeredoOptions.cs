using System;

namespace TeredoSdk.Xp;

/// <summary>The settings that <see cref="XpTeredo.Prepare"/> establishes.</summary>
public sealed class XpTeredoOptions
{
    /// <summary>The Teredo server: a host name or an IPv4 address. Null (the default) keeps the server that Windows has.</summary>
    public string? Server { get; set; }

    /// <summary>
    /// Whether the Teredo client gets a fixed UDP port and that port is opened in the firewall, so that packets of strangers get to the client. The
    /// default is true. False leaves the client's port and the firewall as they are.
    /// </summary>
    public bool OpenTeredoPort { get; set; } = true;

    /// <summary>
    /// The UDP port of the Teredo client, 1 to 65535. Null (the default) is the port that the client is fixed at already, or else a free one from
    /// 49152 to 65535, which Windows XP never gives to a program that asks for any port. The next call finds the same port.
    /// </summary>
    public int? UdpPort { get; set; }

    /// <summary>
    /// The TCP port of the application's own server, 1 to 65535, to open for all computers. Null (the default) opens none: then strangers reach the
    /// server only when <see cref="ProgramPath"/> is set or another exception lets them in.
    /// </summary>
    public int? TcpPort { get; set; }

    /// <summary>
    /// The full path of the application, which all computers may then reach at every port where it listens. Null (the default) makes no such exception.
    /// </summary>
    public string? ProgramPath { get; set; }

    /// <summary>The name of the exceptions. The firewall's settings show it, and it tells whose they are. Not empty.</summary>
    public string ExceptionName { get; set; } = "Teredo (TeredoSdk)";

    /// <summary>How long to wait for a Teredo address; zero checks once. The default is 30 seconds.</summary>
    public TimeSpan AddressTimeout { get; set; } = TimeSpan.FromSeconds(30);
}
