using System.Security.Cryptography.X509Certificates;
using TeredoSdk;

namespace Chat;

/// <summary>What carries the lines: TCP, or datagrams where there is none.</summary>
abstract class Carrier : IAsyncDisposable
{
    /// <summary>How others reach us.</summary>
    public abstract Invitation Invitation { get; }

    public abstract Task<Link> AcceptAsync(CancellationToken cancellationToken);
    public abstract Task<Link> ConnectAsync(Invitation peer, CancellationToken cancellationToken);
    public abstract ValueTask DisposeAsync();

    /// <summary>The best one that the node has, or the one that an invitation asks for.</summary>
    /// <exception cref="TeredoException">It can't be had.</exception>
    public static async Task<Carrier> OpenAsync(TeredoNode node, int port, bool tls, Invitation? join, CancellationToken cancellationToken)
    {
        bool overDatagrams = join?.OverDatagrams ?? !node.Report.KernelSockets;
        if (overDatagrams && tls)
            throw new TeredoException(TeredoError.NotSupported,
                $"--tls needs TCP, and so sockets of the kernel, which this node does not have. Leave --tls away. {WhyNoKernelSockets(node)}");
        if (overDatagrams)
            return new DatagramCarrier(await node.BindDatagramAsync(new TeredoBindOptions { Port = port, ProtectionLevel = System.Net.Sockets.IPProtectionLevel.Unrestricted }, cancellationToken));
        X509Certificate2? certificate = tls ? Tls.MakeCertificate() : null;
        return new StreamCarrier(node, await node.ListenAsync(port, cancellationToken: cancellationToken), certificate);
    }

    /// <summary>A sentence about the way that the lines take.</summary>
    public static string Describe(Carrier carrier, TeredoNode node) => carrier is StreamCarrier
        ? $"Lines go over TCP{(carrier.Invitation.Fingerprint is null ? ", unencrypted" : " with TLS, each peer's key pinned by its invitation")}."
        : $"Lines go over datagrams, unencrypted, each sent again until it is acknowledged. {WhyNoKernelSockets(node)}";

    static string WhyNoKernelSockets(TeredoNode node) => node.Report.KernelSockets ? "The invitation asks for it."
        : node.Report.PassedOver is [.., var last] ? last.Reason : "There are no kernel sockets because --in-process asks for it.";
}
