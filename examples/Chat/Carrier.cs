using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using TeredoSdk;

namespace Chat;

/// <summary>Carries the lines of the chat: over TCP, or over datagrams for who wants to see how.</summary>
abstract class Carrier : IAsyncDisposable
{
    /// <summary>How many links to one address there may be, so that nobody alone takes all of them.</summary>
    public const int MaxLinksPerAddress = 2;

    /// <summary>Tells others how to reach us.</summary>
    public abstract Invitation Invitation { get; }

    public abstract Task<Link> AcceptAsync(CancellationToken cancellationToken);
    public abstract Task<Link> ConnectAsync(Invitation peer, CancellationToken cancellationToken);
    public abstract ValueTask DisposeAsync();

    /// <summary>Opens the carrier that the arguments, or the invitation in them, ask for.</summary>
    public static async Task<Carrier> OpenAsync(TeredoNode node, int port, Arguments arguments, CancellationToken cancellationToken, TimeProvider? time = null)
    {
        time ??= TimeProvider.System;
        if (arguments.OverDatagrams)
            return new DatagramCarrier(await node.BindDatagramAsync(new TeredoBindOptions { Port = port, ProtectionLevel = IPProtectionLevel.Unrestricted }, cancellationToken), time);
        X509Certificate2? certificate = arguments.Tls ? Tls.MakeCertificate() : null;
        return new StreamCarrier(node, await node.ListenAsync(port, cancellationToken: cancellationToken), certificate, time);
    }

    /// <summary>A sentence that says how the lines are carried.</summary>
    public static string Describe(Carrier carrier, TeredoNode node) => carrier is StreamCarrier
        ? $"Lines go over TCP{(node.Report.KernelSockets ? "" : " inside the process")}"
            + $"{(carrier.Invitation.Fingerprint is null ? ", unencrypted" : " with TLS, each peer's key pinned by its invitation")}."
        : "Lines go over datagrams, unencrypted, each sent again until it is acknowledged.";
}
