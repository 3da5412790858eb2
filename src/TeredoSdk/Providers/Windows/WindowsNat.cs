using TeredoSdk.Protocol.Client;

namespace TeredoSdk.Providers.Windows;

/// <summary>Windows' words for a NAT.</summary>
static class WindowsNat
{
    /// <summary>What a word means, "not checked" for one that is not known.</summary>
    public static NatReport Parse(string? word) => word?.Split(' ', '(')[0].ToLowerInvariant() switch
    {
        "none" => new(MappingBehaviour.None, FilteringBehaviour.NotChecked, PortPreserving: false, Sequential: false, PortMapped: false),
        "cone" => new(MappingBehaviour.EndpointIndependent, FilteringBehaviour.EndpointIndependent, PortPreserving: false, Sequential: false, PortMapped: false),
        "restricted" or "port-restricted" or "address-restricted" or "port" =>
            new(MappingBehaviour.EndpointIndependent, FilteringBehaviour.NotChecked, PortPreserving: false, Sequential: false, PortMapped: false),
        "symmetric" => new(MappingBehaviour.AddressOrPortDependent, FilteringBehaviour.NotChecked, PortPreserving: false, Sequential: false, PortMapped: false),
        _ => default,
    };
}
