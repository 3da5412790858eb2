using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace TeredoSdk;

/// <summary>Which way a forward leads.</summary>
public enum TeredoForwardDirection
{
    /// <summary>From a port of the Teredo address to a program that listens on this machine or in its network.</summary>
    ToProgram,
    /// <summary>From a port of this machine to a peer over Teredo.</summary>
    ToPeer,
}

/// <summary>How to forward a port. The call copies the options; later changes do not affect the forward.</summary>
public sealed class TeredoForwardOptions
{
    /// <summary>Which way it leads; <see cref="TeredoForwardDirection.ToProgram"/> by default.</summary>
    public TeredoForwardDirection Direction { get; set; }

    /// <summary><see cref="ProtocolType.Tcp"/> (the default) or <see cref="ProtocolType.Udp"/>.</summary>
    public ProtocolType Protocol { get; set; } = ProtocolType.Tcp;

    /// <summary>
    /// The port to listen at, 1 to 65535, or 0 (the default) for any free port: one of the Teredo address, or with
    /// <see cref="TeredoForwardDirection.ToPeer"/> one of this machine.
    /// </summary>
    public int Port { get; set; }

    /// <summary>
    /// The address of this machine to listen at with <see cref="TeredoForwardDirection.ToPeer"/>; <see cref="IPAddress.Loopback"/> by default, which
    /// only programs of this machine reach.
    /// </summary>
    public IPAddress LocalAddress { get; set; } = IPAddress.Loopback;

    /// <summary>
    /// Where sessions go: <c>host:port</c> or <c>[address]:port</c>. With <see cref="TeredoForwardDirection.ToProgram"/> a program's, for example
    /// <c>127.0.0.1:80</c>; with <see cref="TeredoForwardDirection.ToPeer"/> a peer's. A name is looked up for each session.
    /// </summary>
    public string Target { get; set; } = "";

    /// <summary>How many sessions may be open: 1 to 65535; 1,000 by default. Further ones are refused. A UDP session is a sender's address and port.</summary>
    public int MaxSessions { get; set; } = 1000;

    /// <summary>
    /// How many of them one peer may have: 1 to 65535; 100 by default. All that comes from one IPv4 address, or from one native /64, is one peer. With
    /// <see cref="TeredoForwardDirection.ToPeer"/> it does not apply.
    /// </summary>
    public int MaxSessionsPerPeer { get; set; } = 100;

    /// <summary>
    /// The time without traffic after which a session ends: 1 s to 7 days, or zero for never; null (the default) for 5 min of a UDP session (RFC 4787
    /// REQ-5) and 2 h 4 min of a TCP session (RFC 5382 REQ-5).
    /// </summary>
    public TimeSpan? IdleTimeout { get; set; }

    /// <summary>
    /// Whether the program is told the peer's address and port by the PROXY protocol, version 2: once at the beginning of a TCP session, and in front of
    /// each datagram of a UDP session. Only for programs that expect it, and with <see cref="TeredoForwardDirection.ToProgram"/>. False by default.
    /// </summary>
    public bool SendProxyHeader { get; set; }

    /// <summary>Checks every option.</summary>
    /// <exception cref="ArgumentException">
    /// An option is outside its range; the message names the option, its value and the expected values.
    /// </exception>
    public void Validate()
    {
        if (Direction is < TeredoForwardDirection.ToProgram or > TeredoForwardDirection.ToPeer)
            throw BadOption.Of(nameof(Direction), Direction, "ToProgram or ToPeer");
        if (Protocol is not (ProtocolType.Tcp or ProtocolType.Udp))
            throw BadOption.Of(nameof(Protocol), Protocol, "Tcp or Udp");
        BadOption.RequirePort(Port, nameof(Port), allowAny: true);
        if (LocalAddress is not { AddressFamily: AddressFamily.InterNetwork or AddressFamily.InterNetworkV6 })
            throw BadOption.Of(nameof(LocalAddress), LocalAddress, "an IP address of this machine");
        if (Split(Target) is null)
            throw BadOption.Of(nameof(Target), Target is null ? null : $"'{Target}'", "host:port or [address]:port with a port of 1 to 65535");
        if (MaxSessions is < 1 or > ushort.MaxValue)
            throw BadOption.Of(nameof(MaxSessions), MaxSessions, "1 to 65535");
        if (MaxSessionsPerPeer is < 1 or > ushort.MaxValue)
            throw BadOption.Of(nameof(MaxSessionsPerPeer), MaxSessionsPerPeer, "1 to 65535");
        if (IdleTimeout is { } idle && idle != TimeSpan.Zero && (idle < TimeSpan.FromSeconds(1) || idle > TimeSpan.FromDays(7)))
            throw BadOption.Of(nameof(IdleTimeout), idle, "1 second to 7 days, zero for never, or null");
        if (SendProxyHeader && Direction == TeredoForwardDirection.ToPeer)
            throw BadOption.Of(nameof(SendProxyHeader), true, "false with ToPeer: a peer is no program of this machine");
    }

    /// <summary>The host and the port of <see cref="Target"/>.</summary>
    internal (string Host, int Port) TargetParts => Split(Target)!.Value;

    /// <summary><see cref="IdleTimeout"/> with its default; zero for never.</summary>
    internal TimeSpan EffectiveIdleTimeout =>
        IdleTimeout ?? (Protocol == ProtocolType.Udp ? TimeSpan.FromMinutes(5) : TimeSpan.FromMinutes(124));

    /// <summary>Checks the options, and returns a copy that later changes do not affect.</summary>
    internal TeredoForwardOptions Snapshot()
    {
        Validate();
        return (TeredoForwardOptions)MemberwiseClone();
    }

    static (string Host, int Port)? Split(string? target)
    {
        int colon = target?.LastIndexOf(':') ?? -1;
        if (colon <= 0 || !ushort.TryParse(target.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out ushort port) || port == 0)
            return null;
        string host = target![..colon];
        bool bracketed = host is ['[', .., ']'];
        if (bracketed)
            host = host[1..^1];
        bool valid = bracketed ? IPAddress.TryParse(host, out var address) && address.AddressFamily == AddressFamily.InterNetworkV6
            : Uri.CheckHostName(host) is UriHostNameType.Dns or UriHostNameType.IPv4;
        return valid ? (host, port) : null;
    }
}
