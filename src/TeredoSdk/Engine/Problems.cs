using System.Net;
using System.Net.Sockets;
using TeredoSdk.Protocol;
using TeredoSdk.Protocol.Client;

namespace TeredoSdk.Engine;

/// <summary>The sentences: what is wrong, and what to do about it.</summary>
static class Problems
{
    public static TeredoException OfQualification(OfflineReason reason, TeredoServerAddress server, TeredoOptions options, Exception? portFailure) => reason switch
    {
        OfflineReason.ServerUnreachable => new(TeredoError.ServerUnreachable,
            $"No Teredo server answered (the last one asked: {server.Primary}, UDP port 3544). Outgoing UDP is blocked by a firewall, or the server is down: "
            + "allow UDP to port 3544, or configure another server."),
        OfflineReason.SecondaryUnreachable => new(TeredoError.SecondaryUnreachable,
            $"The Teredo server {server.Primary} does not answer at its secondary address {server.Secondary}, which {nameof(TeredoOptions.RequireSecondary)} "
            + "insists on. Configure the right secondary address as host,secondary, another server, or do without."),
        OfflineReason.SymmetricNat => new(TeredoError.SymmetricNat,
            $"The NAT in front of this machine is symmetric, and the options switch its support off. Add {nameof(TeredoExtensions.SymmetricNatSupport)} to "
            + $"{nameof(TeredoOptions.Extensions)}."),
        OfflineReason.MappedAddressNotGlobal => new(TeredoError.MappedAddressNotGlobal,
            $"The Teredo server {server.Primary} sees this machine at an address that is not a public one, so it is behind the same NAT. Use a server on the "
            + $"public internet; in a laboratory set {nameof(TeredoOptions.AllowPrivateAddresses)}."),
        OfflineReason.PortUnavailable => new(TeredoError.PortUnavailable,
            options.ClientPort == 0
                ? $"No UDP port of this machine can be used ({portFailure?.Message}). Allow this process to open UDP sockets."
                : $"UDP port {options.ClientPort} of this machine can't be used ({portFailure?.Message}). Choose another {nameof(TeredoOptions.ClientPort)}, or 0 for any.",
            portFailure),
        _ => throw new ArgumentOutOfRangeException(nameof(reason), reason, null),
    };

    public static TeredoException NoNetwork(TeredoServerAddress server) => new(TeredoError.NetworkUnavailable,
        $"This machine has no IPv4 route to the Teredo server {server.Primary}. Connect it to a network with IPv4; Teredo goes on by itself then.");

    public static TeredoException QualificationTimeout(TimeSpan timeout, TeredoServerAddress server) => new(TeredoError.QualificationTimeout,
        $"There was no Teredo address within {timeout.TotalSeconds:0.#} s; the Teredo server {server.Primary} was being asked. Configure a server that answers "
        + $"first, or raise {nameof(TeredoOptions.QualificationTimeout)} (a silent server takes 12 s).");

    public static TeredoException NoAddress() => new(TeredoError.NoAddress,
        $"There is no Teredo address at the moment. Report says why, and StateChanges tells when there is one again.");

    public static TeredoException InsteadOfNativeIPv6() => new(TeredoError.NotSupported,
        $"{nameof(TeredoOptions.NativeIPv6)} is {nameof(NativeIPv6Mode.Instead)}, but an engine inside a process can't give way to native IPv6: that needs a Teredo "
        + $"interface and a route of the whole machine. Use {nameof(NativeIPv6Mode.Beside)}.");

    public static TeredoException NoStreams(string noKernelSockets) => new(TeredoError.NotSupported,
        $"TCP needs kernel sockets, which this node does not have: {noKernelSockets} Datagrams (BindDatagramAsync) work all the same.");

    public static TeredoException PortTaken(string protocol, int port, Exception? cause = null) => new(TeredoError.PortUnavailable,
        $"{protocol} port {port} is taken by another socket of this node. Choose another one, or 0 for any.", cause);

    public static TeredoException AllPortsTaken(string protocol, Exception? cause = null) => new(TeredoError.PortUnavailable,
        $"All dynamic {protocol} ports of this node are taken. Dispose sockets that are not needed any more.", cause);

    /// <summary>A port of the node that the kernel did not give.</summary>
    public static TeredoException OfBind(string protocol, int port, SocketException failure) =>
        failure.SocketErrorCode != SocketError.AddressAlreadyInUse ? new(TeredoError.PortUnavailable,
            $"{protocol} port {port} of this node can't be used ({failure.Message}). Choose another one, or 0 for any.", failure)
        : port == 0 ? AllPortsTaken(protocol, failure) : PortTaken(protocol, port, failure);

    public static TeredoException AddressChanged(IPAddress old, IPAddress address) => new(TeredoError.AddressChanged,
        $"The Teredo address changed from {old} to {address}, so connections from the old one are void. Connect again, and tell peers the new address.");

    /// <summary>A connect that failed in the kernel.</summary>
    public static TeredoException OfConnect(IPEndPoint peer, SocketException failure) => failure.SocketErrorCode switch
    {
        SocketError.ConnectionRefused => new(TeredoError.ConnectionRefused,
            $"{peer} refused the connection: the peer is there, but nothing listens at port {peer.Port}. Check the port.", failure),
        SocketError.TimedOut => new(TeredoError.PeerUnreachable,
            $"Nothing answered at {peer}. Check that the peer runs, has this very address, and listens at port {peer.Port}: a Teredo host drops without an "
            + "answer what no socket opted in for.", failure),
        _ => new(TeredoError.PeerUnreachable,
            $"{peer} can't be reached ({failure.Message}). Check that it is running and has this very address.", failure),
    };

    public static string Unreachable(IPv6Address peer) =>
        $"{peer} did not answer lately. It is tried again a few minutes after the last attempt; check that it is running and has this very address.";

    public static string Unreachable(IPv6Address peer, UnreachableReason reason, NatReport nat) => reason switch
    {
        UnreachableReason.DirectPathBlocked => $"{peer} answers through its server, but its direct packets do not arrive: one of the two NATs is symmetric "
            + $"(ours: {nat.ClassicName}). Put one of the two behind another NAT, or forward a port to it.",
        UnreachableReason.NoRelay => $"No Teredo relay answered for {peer}, so native IPv6 hosts can't be reached. Give the peer a Teredo address, or a relay.",
        _ => $"{peer} is silent, directly and through its server (our NAT: {nat.ClassicName}). Check that it is running and has this very address.",
    };

    /// <summary>What a caller can do something about; null for what is lost as any datagram may be.</summary>
    public static TeredoException? OfDrop(DropReason reason, IPv6Address target) => reason switch
    {
        DropReason.NotQualified or DropReason.BadInnerSource => NoAddress(),
        DropReason.PeerUnreachable => new(TeredoError.PeerUnreachable, Unreachable(target)),
        DropReason.BadInnerDestination or DropReason.DestinationNotGlobal or DropReason.ServerPort or DropReason.OwnAddress =>
            DestinationNotAllowed($"{target}", $"{reason}"),
        _ => null,
    };

    public static TeredoException DestinationNotAllowed(string target, string reason) => new(TeredoError.DestinationNotAllowed,
        $"Nothing may be sent to {target} over Teredo ({reason}). Expected the address of a Teredo peer whose server and client addresses are public, or a global "
        + $"IPv6 address; in a laboratory set {nameof(TeredoOptions.AllowPrivateAddresses)}.");
}
