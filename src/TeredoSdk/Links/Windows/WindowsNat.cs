using TeredoSdk.Protocol.Client;

namespace TeredoSdk.Links.Windows;

/// <summary>Windows' words for a NAT.</summary>
static class WindowsNat
{
    /// <summary>What a word means, "not checked" for one that is not known.</summary>
    public static NatReport Parse(string? word) => word?.Split(' ', '(')[0].ToLowerInvariant() switch
    {
        "none" => default(NatReport) with { Mapping = MappingBehaviour.None },
        "cone" => default(NatReport) with { Mapping = MappingBehaviour.EndpointIndependent, Filtering = FilteringBehaviour.EndpointIndependent },
        "restricted" or "port-restricted" or "address-restricted" => default(NatReport) with { Mapping = MappingBehaviour.EndpointIndependent },
        "symmetric" => default(NatReport) with { Mapping = MappingBehaviour.AddressOrPortDependent },
        _ => default,
    };
}
