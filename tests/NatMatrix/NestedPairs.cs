using TeredoSdk.Testing;

namespace TeredoSdk.NatMatrix;

/// <summary>A host behind two NATs: what RFC 6081 promises for the behaviour that the two show together (RFC 4787 §4, §5).</summary>
public static class NestedPairs
{
    static readonly TimeSpan Limit = TimeSpan.FromSeconds(15);

    /// <summary>Every inner and outer kind that need no port mapping service.</summary>
    public static IEnumerable<(NatKind Inner, NatKind Outer)> Nestings =>
        from inner in Plain from outer in Plain select (inner, outer);

    static IEnumerable<NatKind> Plain => Expectation.Kinds.Where(kind => kind is not (NatKind.UpnpPortRestricted or NatKind.UpnpPortSymmetric));

    /// <summary>The pairs of the nested host with every kind of single NAT, in both directions; each is run with the path of a pcap or null.</summary>
    public static IEnumerable<(string Name, Promise Promise, Func<string?, Outcome> Run)> Of(NatKind inner, NatKind outer)
    {
        var composed = Expectation.Compose(inner, outer);
        string name = $"{Expectation.Short(inner)} behind {Expectation.Short(outer)}";
        foreach (var other in Expectation.Kinds)
        {
            yield return ($"{name} -> {Expectation.Short(other)}", Expectation.Of(composed, other),
                pcap => Trial.Run(1, [inner, outer], [other], 0, TimeSpan.Zero, Limit, pcap: pcap));
            yield return ($"{Expectation.Short(other)} -> {name}", Expectation.Of(other, composed),
                pcap => Trial.Run(1, [other], [inner, outer], 0, TimeSpan.Zero, Limit, pcap: pcap));
        }
    }
}
