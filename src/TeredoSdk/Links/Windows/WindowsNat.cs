using TeredoSdk.Protocol.Client;

namespace TeredoSdk.Links.Windows;

/// <summary>Reads the words that Windows uses for a NAT.</summary>
static class WindowsNat
{
    /// <summary>The meaning of a word; "not checked" for an unknown word.</summary>
    public static NatReport Parse(string? word) => word?.Split(' ', '(')[0].ToLowerInvariant() switch
    {
        "none" => default(NatReport) with { Mapping = MappingBehaviour.None },
        "cone" => default(NatReport) with { Mapping = MappingBehaviour.EndpointIndependent, Filtering = FilteringBehaviour.EndpointIndependent },
        "restricted" or "port-restricted" or "address-restricted" => default(NatReport) with { Mapping = MappingBehaviour.EndpointIndependent },
        "symmetric" => default(NatReport) with { Mapping = MappingBehaviour.AddressOrPortDependent },
        _ => default,
    };
}
