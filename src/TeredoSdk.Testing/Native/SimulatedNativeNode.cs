using TeredoSdk.Protocol;

namespace TeredoSdk.Testing;

/// <summary>A node of the native IPv6 internet. Its packets to Teredo addresses go through a relay that serves it.</summary>
public sealed class SimulatedNativeNode : SimulatedIPv6Stack
{
    readonly NativeNetwork _network;

    internal SimulatedNativeNode(NativeNetwork network, string name) : base(network.Internet)
    {
        _network = network;
        Name = name;
        Address = network.Add(this);
    }

    /// <summary>The name in messages.</summary>
    public string Name { get; }

    /// <summary>The IPv6 address.</summary>
    public IPv6Address Address { get; }

    /// <inheritdoc/>
    public override void Send(ReadOnlySpan<byte> packet) => _network.Send(packet);

    private protected override IPv6Address SourceAddress => Address;
}
