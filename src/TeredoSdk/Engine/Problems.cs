using System.Net;
using System.Net.Sockets;
using TeredoSdk.Protocol;
using TeredoSdk.Protocol.Client;

namespace TeredoSdk.Engine;

/// <summary>Messages of the engine's exceptions: what is wrong, and what to do about it.</summary>
static class Problems
{
    public static TeredoException OfQualification(OfflineReason reason, TeredoServerAddress server, TeredoOptions options, Exception? portFailure) => reason switch
    {
        OfflineReason.ServerUnreachable => Told(TeredoError.ServerUnreachable, $"{server.Primary}",
            $"No Teredo server answered (the last one tried: {server.Primary}, UDP port 3544). Outgoing UDP is blocked by a firewall, or the server is down.",
            "Allow UDP to port 3544, or configure another server."),
        OfflineReason.SecondaryUnreachable => Told(TeredoError.SecondaryUnreachable, $"{server.Secondary}",
            $"The Teredo server {server.Primary} does not answer at its secondary address {server.Secondary}, but {nameof(TeredoOptions.RequireSecondary)} is set.",
            $"Configure the right secondary address as host,secondary, or another server, or clear {nameof(TeredoOptions.RequireSecondary)}."),
        OfflineReason.SymmetricNat => Told(TeredoError.SymmetricNat, "NAT",
            "The NAT in front of this machine is symmetric, and the options switch off the support for such NATs.",
            $"Add {nameof(TeredoExtensions.SymmetricNatSupport)} to {nameof(TeredoOptions.Extensions)}."),
        OfflineReason.MappedAddressNotGlobal => Told(TeredoError.MappedAddressNotGlobal, $"{server.Primary}",
            $"The Teredo server {server.Primary} sees this machine at an address that is not public, so the server is behind the same NAT.",
            $"Use a server on the public internet; in a laboratory set {nameof(TeredoOptions.AllowPrivateAddresses)}."),
        OfflineReason.PortUnavailable when options.ClientPort == 0 => Told(TeredoError.PortUnavailable, "UDP",
            $"No UDP port of this machine can be used ({portFailure?.Message}).", "Allow this process to open UDP sockets.", portFailure),
        OfflineReason.PortUnavailable => Told(TeredoError.PortUnavailable, $"UDP port {options.ClientPort}",
            $"UDP port {options.ClientPort} of this machine can't be used ({portFailure?.Message}).",
            $"Choose another {nameof(TeredoOptions.ClientPort)}, or 0 for any.", portFailure),
        _ => throw new ArgumentOutOfRangeException(nameof(reason), reason, null),
    };

    /// <param name="server">The server in use.</param>
    /// <param name="goesOn">Whether the node stays, and goes on when there is a network.</param>
    public static TeredoException NoNetwork(string server, bool goesOn) => Told(TeredoError.NetworkUnavailable, server,
        $"This machine has no IPv4 route to the Teredo server {server}.", "Connect the machine to a network with IPv4"
        + (goesOn ? "; Teredo then goes on by itself." : $", and start again; or set {nameof(TeredoOptions.WaitForNetwork)}."),
        read: "the IPv4 routes of this machine: none leads there");

    public static TeredoException QualificationTimeout(TimeSpan timeout, TeredoServerAddress server) => Told(TeredoError.QualificationTimeout, $"{server.Primary}",
        $"There was no Teredo address within {timeout.TotalSeconds:0.#} s; the last Teredo server tried was {server.Primary}.",
        $"Put a server that answers first in the list, or raise {nameof(TeredoOptions.QualificationTimeout)} (a silent server costs 12 s).");

    public static TeredoException NoAddress() => new(TeredoError.NoAddress,
        $"There is no Teredo address at the moment. Report says why, and StateChanges tells when there is an address again.");

    /// <param name="reason">Why the system tells of no changes of the network, and what follows.</param>
    public static Finding NotWatched(string reason) =>
        new() { Id = FindingIds.NetworkNotWatched, Severity = FindingSeverity.Warning, Subject = "network", Problem = reason };

    /// <summary>An operation needs the address of a link that has lost it.</summary>
    /// <param name="cause">Why there is no address.</param>
    public static TeredoException NoAddress(Finding? cause) => new(TeredoError.NoAddress, $"There is no Teredo address at the moment. {cause?.Sentence}");

    public static TeredoException InsteadOfNativeIPv6() => new(TeredoError.NotSupported,
        $"{nameof(TeredoOptions.NativeIPv6)} is {nameof(NativeIPv6Mode.Instead)}, which an engine inside a process can't do: giving way to native IPv6 "
        + $"needs a Teredo interface and a route of the whole machine. Use {nameof(NativeIPv6Mode.Beside)}.");

    public static TeredoException PortTaken(string protocol, int port, SocketException? cause = null) => new(TeredoError.PortUnavailable,
        $"{protocol} port {port} is taken by another socket of this node. Choose another port, or 0 for any.", cause ?? InUse());

    public static TeredoException AllPortsTaken(string protocol, SocketException? cause = null) => new(TeredoError.PortUnavailable,
        $"All dynamic {protocol} ports of this node are taken. Dispose sockets that are no longer needed.", cause ?? InUse());

    static SocketException InUse() => new((int)SocketError.AddressAlreadyInUse); // as a socket says it

    /// <summary>The kernel did not give a port of the node.</summary>
    public static TeredoException OfBind(string protocol, int port, SocketException failure) =>
        failure.SocketErrorCode != SocketError.AddressAlreadyInUse ? new(TeredoError.PortUnavailable,
            $"{protocol} port {port} of this node can't be used ({failure.Message}). Choose another port, or 0 for any.", failure)
        : port == 0 ? AllPortsTaken(protocol, failure) : PortTaken(protocol, port, failure);

    public static TeredoException AddressChanged(IPAddress old, IPAddress address) => new(TeredoError.AddressChanged,
        $"The Teredo address changed from {old} to {address}, so connections from the old address are dead. Connect again, and tell peers the new "
        + "address.");

    /// <summary>A connection attempt failed in the kernel.</summary>
    public static TeredoException OfConnect(IPEndPoint peer, SocketException failure) => failure.SocketErrorCode switch
    {
        SocketError.AddressNotAvailable => new(TeredoError.PortUnavailable,
            $"All dynamic TCP ports of this node are in use towards {peer}. Close connections that are no longer needed; the ports of those closed just now "
            + "come free within a minute.", failure),
        SocketError.TooManyOpenSockets or SocketError.NoBufferSpaceAvailable => new(TeredoError.PortUnavailable,
            $"This process can't open another connection ({failure.Message}): raise its limit on open files (ulimit -n), or close some.", failure),
        SocketError.ConnectionRefused => new(TeredoError.ConnectionRefused,
            $"{peer} refused the connection: the peer is there, but nothing listens at port {peer.Port}. Check the port.", failure),
        // The connection was made, but the peer had reset it before anybody could use it.
        SocketError.NotConnected or SocketError.ConnectionReset or SocketError.ConnectionAborted => new(TeredoError.ConnectionRefused,
            $"The connection to {peer} failed: the peer is there, but broke the connection off as soon as it was made. Check what listens at port {peer.Port}.",
            failure),
        SocketError.TimedOut => NoAnswer(peer, "", failure),
        _ => new(TeredoError.PeerUnreachable,
            $"{peer} can't be reached ({failure.Message}). Check that it is running and has this very address.", failure),
    };

    public static TeredoException ConnectTimeout(IPEndPoint peer, TimeSpan timeout, Exception cause) => NoAnswer(peer,
        $" within {timeout.TotalSeconds:0.#} s ({nameof(TeredoOptions.ConnectTimeout)})", cause);

    public static string Unreachable(IPv6Address peer) =>
        $"{peer} did not answer a recent attempt; the next one is made a few minutes later. Check that it is running and has this very address.";

    public static string Unreachable(IPv6Address peer, UnreachableReason reason, NatReport nat) => reason switch
    {
        UnreachableReason.DirectPathBlocked => $"{peer} answers through its server, but its direct packets do not arrive: one of the two NATs is symmetric "
            + $"(ours: {nat.ClassicName}). Put one of the two peers behind another NAT, or forward a port to it.",
        UnreachableReason.NoRelay => $"No Teredo relay answered for {peer}, so native IPv6 hosts can't be reached. Give the peer a Teredo address, or "
            + "run a relay.",
        _ => $"{peer} is silent, directly and through its server (our NAT: {nat.ClassicName}). Check that it is running and has this very address.",
    };

    /// <summary>The exception for a drop that the caller can do something about. Null when the packet was lost as any datagram may be.</summary>
    public static TeredoException? OfDrop(DropReason reason, IPv6Address target) => reason switch
    {
        DropReason.NotQualified or DropReason.BadInnerSource => NoAddress(),
        DropReason.PeerUnreachable => new(TeredoError.PeerUnreachable, Unreachable(target)),
        DropReason.PeerTableFull => new(TeredoError.TooManyPeers,
            $"{target} can't be contacted now: this node talks to as many peers as it can remember, and heard each of them in the last 30 seconds. "
            + "Try again later, or end some conversations."),
        DropReason.PeerAddressFull => new(TeredoError.TooManyPeers,
            $"{target} can't be contacted now: this node talks to 64 peers behind the same IPv4 address (or in the same /64), and heard each of them in "
            + "the last 30 seconds. Try again later, or end some of those conversations."),
        DropReason.BadInnerDestination or DropReason.DestinationNotGlobal or DropReason.ServerPort or DropReason.OwnAddress =>
            DestinationNotAllowed($"{target}", $"{reason}"),
        _ => null,
    };

    public static TeredoException DestinationNotAllowed(string target, string reason) => new(TeredoError.DestinationNotAllowed,
        $"Nothing may be sent to {target} over Teredo ({reason}). Expected the address of a Teredo peer whose server and client addresses are public, or a global "
        + $"IPv6 address; in a laboratory set {nameof(TeredoOptions.AllowPrivateAddresses)}.");

    static TeredoException NoAnswer(IPEndPoint peer, string within, Exception cause) => new(TeredoError.PeerUnreachable,
        $"Nothing answered at {peer}{within}. Check that the peer runs, has this very address, and listens at port {peer.Port} with a socket that accepts "
        + "strangers: a Teredo host drops packets to other ports without an answer.", cause);

    // An error whose problem and remedy are told apart: reports show both.
    static TeredoException Told(TeredoError error, string subject, string problem, string step, Exception? cause = null, string? read = null) => new(new Finding
    {
        Id = FindingIds.Of(error),
        Severity = FindingSeverity.Error,
        Subject = subject,
        Problem = problem,
        Evidence = read is null ? [] : [read],
        Fix = new() { Sentence = step },
        Error = error,
    }, cause);
}
