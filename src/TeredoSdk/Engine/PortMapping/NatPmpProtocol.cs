using TeredoSdk.Protocol;

namespace TeredoSdk.Engine.PortMapping;

/// <summary>NAT-PMP (RFC 6886).</summary>
sealed class NatPmpProtocol(GatewayPath path) : IMappingProtocol
{
    readonly EpochWatch _epoch = new(path.Time);

    public string Name => "NAT-PMP";

    public async Task<MappingAnswer> MapAsync(IPv4Endpoint external, CancellationToken cancellationToken)
    {
        if (await AskAddressAsync(cancellationToken).ConfigureAwait(false) is not { } address)
            return path.Silence;
        if (address.Result != 0)
            return MappingAnswer.Refused($"refuses: {address.ResultName}");
        if (!MappingAnswer.IsUsable(address.Address))
            return MappingAnswer.Useless(address.Address); // told before a mapping exists that could not be used
        _epoch.Observe(address.Epoch); // the result does not matter: the next request renews the mapping anyway
        if (await AskMapAsync(external.Port, GatewayPath.LifetimeSeconds, cancellationToken).ConfigureAwait(false) is not { } mapping)
            return path.Silence;
        if (mapping.Result != 0)
            return MappingAnswer.Refused($"refuses: {mapping.ResultName}");
        _epoch.Observe(mapping.Epoch);
        return MappingAnswer.Granted(new(address.Address, mapping.ExternalPort), mapping.Lifetime);
    }

    public async Task<bool> CheckAsync(CancellationToken cancellationToken) =>
        await AskAddressAsync(cancellationToken).ConfigureAwait(false) is not { } answer || _epoch.Observe(answer.Epoch);

    public Task RemoveAsync(CancellationToken cancellationToken) => AskMapAsync(0, 0, cancellationToken); // §3.4

    Task<NatPmpAnswer?> AskAddressAsync(CancellationToken cancellationToken) =>
        path.AskAsync(NatPmpAnswer.WriteAddressRequest(), NatPmpAnswer.ReadAddress, cancellationToken);

    Task<NatPmpAnswer?> AskMapAsync(ushort externalPort, uint lifetime, CancellationToken cancellationToken) => path.AskAsync(
        NatPmpAnswer.WriteMapRequest(path.Local.Port, externalPort, lifetime),
        octets => NatPmpAnswer.ReadMap(octets, path.Local.Port), cancellationToken);
}
