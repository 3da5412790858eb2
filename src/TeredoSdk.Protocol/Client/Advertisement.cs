using TeredoSdk.Protocol.Wire;

namespace TeredoSdk.Protocol.Client;

/// <summary>A valid router advertisement. Its nonce tells which solicitation it answers.</summary>
/// <param name="Nonce">The nonce.</param>
/// <param name="Mapped">Our mapped endpoint, as the server saw it.</param>
/// <param name="MtuOctets">The advertised MTU, or null.</param>
/// <param name="NeedsNewKey">Whether the server asks the client to fetch a new key.</param>
readonly record struct Advertisement(ulong Nonce, IPv4Endpoint Mapped, int? MtuOctets, bool NeedsNewKey)
{
    /// <summary>Whether a packet claims to be a router advertisement.</summary>
    public static bool IsCandidate(in IPv6Packet packet) =>
        packet.NextHeader == NextHeader.Icmpv6 && packet.Payload.Length > 0 && packet.Payload[0] == (byte)Icmpv6Type.RouterAdvertisement;

    /// <summary>Applies the rules of RFC 4380 §5.2.1 and §5.2.2, except the comparison of the nonce.</summary>
    public static DropReason Read(ClientContext context, in Encapsulation encapsulation, out Advertisement advertisement)
    {
        advertisement = default;
        if (!encapsulation.HasAuthentication)
            return DropReason.BadNonce; // every solicitation of ours carries a nonce
        if (!encapsulation.HasOrigin || encapsulation.Packet.Destination != TeredoLinkLocal.Client)
            return DropReason.BadRouterAdvertisement; // §5.2.1: needs an origin indication, and our own address as destination
        if (!RouterAdvertisement.TryParse(encapsulation.Packet, out var router) || !IsOurPrefix(context, router.Prefix.Address))
            return DropReason.BadRouterAdvertisement;
        if (!IsAuthentic(context, encapsulation))
            return DropReason.BadAuthentication;
        advertisement = new(encapsulation.Authentication.Nonce, encapsulation.Origin.MappedEndpoint, router.MtuOctets,
            encapsulation.Authentication.Confirmation != 0);
        return DropReason.None;
    }

    // §5.2.1: the prefix must contain the primary address, also when the secondary one answers. Old Microsoft servers advertise the old prefix.
    static bool IsOurPrefix(ClientContext context, IPv6Address prefix) =>
        prefix.High >> 32 is TeredoAddress.Prefix or TeredoAddress.OldPrefix && (uint)prefix.High == context.Server.Primary.Value;

    static bool IsAuthentic(ClientContext context, in Encapsulation encapsulation) =>
        context.Options.Secret is not { } secret // §5.2.2: without a secret, the nonce is the only protection
        || (encapsulation.Authentication.ClientIdentifier.SequenceEqual(secret.ClientIdentifier.Span)
            && encapsulation.Authentication.Verify(secret.Algorithm, secret.Secret.Span, encapsulation.Origin.Octets, encapsulation.Packet.Octets));
}
