using System.Diagnostics.CodeAnalysis;
using System.Net;

namespace TeredoSdk.Protocol;

/// <summary>The 16 flag bits of a Teredo address in the layout of RFC 5991 §3.1: <c>C z Random1(4) U G Random2(8)</c>.</summary>
[Flags]
[SuppressMessage("Naming", "CA1711", Justification = "The RFC's name.")]
public enum TeredoFlags : ushort
{
    /// <summary>No flag.</summary>
    None = 0,

    /// <summary>C: the client believed that it is behind a cone NAT. Since RFC 5991 §3.2 clients never set it; it is ignored on receipt.</summary>
    Cone = 0x8000,

    /// <summary>z: reserved, sent as 0, ignored on receipt.</summary>
    Reserved = 0x4000,

    /// <summary>U and G, the universal/local and individual/group bits of the interface identifier; 0 in a Teredo address.</summary>
    UniversalAndGroup = 0x0300,

    /// <summary>Random1 and Random2: twelve unpredictable bits (RFC 5991 §3.1).</summary>
    Random = 0x3CFF,
}

/// <summary>A Teredo IPv6 address: prefix, server, flags, and the client's mapped endpoint with its bits inverted.</summary>
/// <remarks>
/// Source: RFC 4380 §4, with the flags of RFC 5991 §3.1. A value of this type always has one of the two Teredo prefixes.
/// <see cref="AddressPolicy.IsWellFormed"/> tells whether packets may be sent to its parts. The <c>default</c> value is the unspecified address,
/// which is not a Teredo address.
/// </remarks>
public readonly record struct TeredoAddress : ISpanParsable<TeredoAddress>, ISpanFormattable
{
    /// <summary>The prefix 2001::/32 as a number: the first 32 bits (RFC 4380 §2.6).</summary>
    public const uint Prefix = 0x2001_0000;

    /// <summary>The prefix 3ffe:831f::/32 of Windows XP and Server 2003 before update MS06-064. It is decoded, but never sent.</summary>
    public const uint OldPrefix = 0x3FFE_831F;

    readonly IPv6Address _address;

    TeredoAddress(IPv6Address address) => _address = address;

    /// <summary>Builds an address (RFC 4380 §4).</summary>
    /// <param name="server">The primary IPv4 address of the Teredo server.</param>
    /// <param name="flags">The flags; a client sets only bits of <see cref="TeredoFlags.Random"/>.</param>
    /// <param name="mapped">The client's mapped address and port.</param>
    public TeredoAddress(IPv4Address server, TeredoFlags flags, IPv4Endpoint mapped) =>
        _address = new((ulong)Prefix << 32 | server.Value,
            (ulong)flags << 48 | (ulong)(ushort)~mapped.Port << 32 | ~mapped.Address.Value); // §4: port and address are inverted

    /// <summary>Whether the address has the old prefix of early Windows XP.</summary>
    public bool HasOldPrefix => _address.High >> 32 == OldPrefix;

    /// <summary>The primary IPv4 address of the client's Teredo server.</summary>
    public IPv4Address Server => new((uint)_address.High);

    /// <summary>The flags.</summary>
    public TeredoFlags Flags => (TeredoFlags)(_address.Low >> 48);

    /// <summary>The client's mapped address and port, as its server saw them.</summary>
    public IPv4Endpoint MappedEndpoint => new(new(~(uint)_address.Low), (ushort)~(_address.Low >> 32));

    /// <summary>A key for limiting what one host can cause: the client's IPv4 address, without port and flags.</summary>
    public IPv4Address RateLimitKey => MappedEndpoint.Address;

    /// <summary>The address as an IPv6 address.</summary>
    public IPv6Address ToIPv6Address() => _address;

    /// <summary>Makes the .NET form of the address. Allocates.</summary>
    public IPAddress ToIPAddress() => _address.ToIPAddress();

    /// <summary>Makes the value form of a .NET address.</summary>
    /// <exception cref="ArgumentException">The address has neither of the two Teredo prefixes.</exception>
    public static TeredoAddress FromIPAddress(IPAddress address) => TryCreate(IPv6Address.FromIPAddress(address), out var teredo)
        ? teredo
        : throw new ArgumentException(
            $"{address} is not a Teredo address; Teredo addresses are in 2001::/32 (or, long ago, in 3ffe:831f::/32).", nameof(address));

    /// <summary>Converts an IPv6 address to a Teredo address.</summary>
    /// <returns>False when the address has neither of the two Teredo prefixes.</returns>
    public static bool TryCreate(IPv6Address address, out TeredoAddress teredo)
    {
        bool valid = address.High >> 32 is Prefix or OldPrefix;
        teredo = valid ? new(address) : default;
        return valid;
    }

    /// <inheritdoc/>
    public static TeredoAddress Parse(ReadOnlySpan<char> s, IFormatProvider? provider = null) => TryParse(s, provider, out var result)
        ? result
        : throw new FormatException($"'{s}' is not a Teredo address; expected an IPv6 address in 2001::/32 such as 2001:0:cb00:7178:0:efff:3fff:fdfe.");

    /// <inheritdoc/>
    public static TeredoAddress Parse(string s, IFormatProvider? provider = null)
    {
        ArgumentNullException.ThrowIfNull(s);
        return Parse(s.AsSpan(), provider);
    }

    /// <inheritdoc/>
    public static bool TryParse(ReadOnlySpan<char> s, IFormatProvider? provider, out TeredoAddress result)
    {
        result = default;
        return IPv6Address.TryParse(s, provider, out var address) && TryCreate(address, out result);
    }

    /// <summary>Parses text as <see cref="Parse(ReadOnlySpan{char}, IFormatProvider?)"/> does.</summary>
    /// <returns>False when it is not a Teredo address.</returns>
    public static bool TryParse(ReadOnlySpan<char> s, out TeredoAddress result) => TryParse(s, null, out result);

    /// <inheritdoc/>
    public static bool TryParse([NotNullWhen(true)] string? s, IFormatProvider? provider, out TeredoAddress result) =>
        TryParse(s.AsSpan(), provider, out result);

    /// <inheritdoc/>
    public bool TryFormat(Span<char> destination, out int charsWritten, ReadOnlySpan<char> format = default, IFormatProvider? provider = null) =>
        _address.TryFormat(destination, out charsWritten);

    /// <inheritdoc/>
    public string ToString(string? format, IFormatProvider? formatProvider) => ToString();

    /// <summary>The canonical text form (RFC 5952), in the way .NET's <see cref="IPAddress"/> writes it.</summary>
    public override string ToString() => _address.ToString();

    /// <summary>Converts a Teredo address to an IPv6 address.</summary>
    public static implicit operator IPv6Address(TeredoAddress address) => address._address;
}
