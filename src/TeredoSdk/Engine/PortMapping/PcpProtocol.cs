using TeredoSdk.Machine;
using TeredoSdk.Protocol;

namespace TeredoSdk.Engine.PortMapping;

/// <summary>PCP (RFC 6887).</summary>
sealed class PcpProtocol(GatewayPath path) : IMappingProtocol
{
    readonly byte[] _nonce = SystemRandom.Instance.Next(PcpAnswer.NonceSize); // the same for the life of the mapping (§11.2)
    readonly EpochWatch _epoch = new(path.Time);

    public string Name => "PCP";

    /// <summary>Whether the gateway said nothing, or that it does not know this version of the protocol: it may still speak NAT-PMP (§9).</summary>
    public bool LeavesNatPmp { get; private set; } = true;

    public async Task<MappingAnswer> MapAsync(IPv4Endpoint external, CancellationToken cancellationToken)
    {
        if (await AskAsync(external, GatewayPath.LifetimeSeconds, cancellationToken).ConfigureAwait(false) is not { } answer)
            return path.Silence;
        LeavesNatPmp = answer.IsUnsupported;
        if (answer.Result != 0)
            return MappingAnswer.Refused($"refuses: {answer.ResultName}");
        _epoch.Observe(answer.Epoch); // the result does not matter: the mapping has just been renewed
        return MappingAnswer.Granted(answer.External, answer.Lifetime);
    }

    public async Task<bool> CheckAsync(CancellationToken cancellationToken)
    {
        byte[] request = PcpAnswer.WriteAnnounceRequest(path.Local.Address);
        var answer = await path.AskAsync<PcpAnswer>(request, PcpAnswer.ReadAnnounce, cancellationToken).ConfigureAwait(false);
        return answer is not { } known || (!known.IsHint && _epoch.Observe(known.Epoch)); // an error carries the epoch, too
    }

    public Task RemoveAsync(CancellationToken cancellationToken) => AskAsync(default, 0, cancellationToken); // §15

    Task<PcpAnswer?> AskAsync(IPv4Endpoint external, uint lifetime, CancellationToken cancellationToken) => path.AskAsync(
        PcpAnswer.WriteMapRequest(_nonce, path.Local, external, lifetime),
        octets => PcpAnswer.ReadMap(octets, _nonce, path.Local.Port), cancellationToken);
}
