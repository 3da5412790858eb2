using TeredoSdk.Testing;

namespace TeredoSdk.NatMatrix;

/// <summary>What RFC 6081 (figure 1) promises for a pair of NATs.</summary>
public enum Promise
{
    /// <summary>RFC 4380 alone connects them.</summary>
    Base,
    /// <summary>An extension of RFC 6081 connects them.</summary>
    Extension,
    /// <summary>Nothing is promised.</summary>
    None,
}

/// <summary>The table of RFC 6081, figure 1: rows initiate.</summary>
public static class Expectation
{
    // Columns: cone, address-restricted, port-restricted, UPnP port-restricted, UPnP port-symmetric, port-preserving, sequential,
    // port-symmetric, address-symmetric.
    static readonly string[][] Table =
    [
        ["base", "base", "base", "base", "SNS", "SNS", "SNS", "SNS", "SNS"],
        ["base", "base", "base", "base", "SNS", "SNS", "SNS", "SNS", "no"],
        ["base", "base", "base", "base", "no", "SNS+PP", "SNS+SP", "no", "no"],
        ["base", "base", "base", "base", "SNS+UP", "no", "no", "no", "no"],
        ["SNS", "SNS", "no", "SNS+UP", "SNS+UP", "no", "no", "no", "no"],
        ["SNS", "SNS", "SNS+PP", "no", "no", "SNS+PP", "SNS+SP", "no", "no"],
        ["SNS", "SNS", "SNS+SP", "no", "no", "no", "no", "no", "no"],
        ["SNS", "SNS", "no", "no", "no", "no", "no", "no", "no"],
        ["SNS", "no", "no", "no", "no", "no", "no", "no", "no"],
    ];

    public static IReadOnlyList<NatKind> Kinds { get; } = Enum.GetValues<NatKind>();

    /// <summary>The table's word for a pair.</summary>
    public static string Word(NatKind initiator, NatKind responder) => Table[(int)initiator][(int)responder];

    public static Promise Of(NatKind initiator, NatKind responder) => Word(initiator, responder) switch
    {
        "base" => Promise.Base,
        "no" => Promise.None,
        _ => Promise.Extension,
    };

    /// <summary>A short name for table headings.</summary>
    public static string Short(NatKind kind) => kind switch
    {
        NatKind.Cone => "Cone",
        NatKind.AddressRestricted => "AddrR",
        NatKind.PortRestricted => "PortR",
        NatKind.UpnpPortRestricted => "UPnP-PortR",
        NatKind.UpnpPortSymmetric => "UPnP-PSym",
        NatKind.PortPreservingSymmetric => "PP-Sym",
        NatKind.SequentialSymmetric => "Seq-Sym",
        NatKind.PortSymmetric => "Port-Sym",
        _ => "Addr-Sym",
    };

    /// <summary>
    /// What one NAT behind another looks like from outside: the more dependent mapping, the stricter filtering. A port that the
    /// inner one maps on request helps only as far as the outer one lets anyone in; a sequence or a preserved port shows through
    /// an outer NAT that is not symmetric only where that one keeps ports, which the simulated ones do not.
    /// </summary>
    public static NatKind Compose(NatKind inner, NatKind outer)
    {
        inner = WithoutUpnp(inner);
        outer = WithoutUpnp(outer);
        if (inner == NatKind.AddressSymmetric && !IsSymmetric(outer) || outer == NatKind.AddressSymmetric)
            return outer == NatKind.AddressSymmetric ? outer : NatKind.PortSymmetric; // an outer NAT of one address hides the inner ones
        if (IsSymmetric(inner) || IsSymmetric(outer))
            return outer == NatKind.SequentialSymmetric && !IsSymmetric(inner) ? outer : NatKind.PortSymmetric;
        return (NatKind)Math.Max((int)inner, (int)outer); // cone, address-restricted, port-restricted stand in this order
    }

    public static bool IsSymmetric(NatKind kind) => kind >= NatKind.UpnpPortSymmetric;

    static NatKind WithoutUpnp(NatKind kind) => kind switch
    {
        NatKind.UpnpPortRestricted => NatKind.PortRestricted,
        NatKind.UpnpPortSymmetric => NatKind.PortSymmetric,
        _ => kind,
    };
}
