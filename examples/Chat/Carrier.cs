using System.Security.Cryptography.X509Certificates;
using TeredoSdk;

namespace Chat;

/// <summary>Carries the lines of the chat: over TCP, or over datagrams where there is no TCP.</summary>
abstract class Carrier : IAsyncDisposable
{
    /// <summary>How many links to one address there may be, so that nobody alone takes all of them.</summary>
    public const int MaxLinksPerAddress = 2;

    /// <summary>Tells others how to reach us.</summary>
    public abstract Invitation Invitation { get; }

    public abstract Task<Link> AcceptAsync(CancellationToken cancellationToken);
    public abstract Task<Link> ConnectAsync(Invitation peer, CancellationToken cancellationToken);
    public abstract ValueTask DisposeAsync();

    /// <summary>Opens the best carrier that the node offers, or the one that an invitation requires.</summary>
    /// <exception cref="TeredoException">The carrier is not available.</exception>
    public static async Task<Carrier> OpenAsync(TeredoNode node, int port, bool tls, Invitation? join, CancellationToken cancellationToken)
    {
        bool overDatagrams = join?.OverDatagrams ?? !node.Report.KernelSockets;
        if (overDatagrams && tls)
            throw new TeredoException(TeredoError.NotSupported,
                $"--tls needs TCP, and so kernel sockets, which this node does not have. Run without --tls. {WhyNoKernelSockets(node)}");
        if (overDatagrams)
            return new DatagramCarrier(await node.BindDatagramAsync(new TeredoBindOptions { Port = port, ProtectionLevel = System.Net.Sockets.IPProtectionLevel.Unrestricted }, cancellationToken));
        X509Certificate2? certificate = tls ? Tls.MakeCertificate() : null;
        return new StreamCarrier(node, await node.ListenAsync(port, cancellationToken: cancellationToken), certificate);
    }

    /// <summary>A sentence that says how the lines are carried.</summary>
    public static string Describe(Carrier carrier, TeredoNode node) => carrier is StreamCarrier
        ? $"Lines go over TCP{(carrier.Invitation.Fingerprint is null ? ", unencrypted" : " with TLS, each peer's key pinned by its invitation")}."
        : $"Lines go over datagrams, unencrypted, each sent again until it is acknowledged. {WhyNoKernelSockets(node)}";

    static string WhyNoKernelSockets(TeredoNode node) => node.Report.KernelSockets ? "The invitation requires it."
        : node.Report.PassedOver is [.., var last] ? last.Reason : "There are no kernel sockets, because --in-process was given.";
}
