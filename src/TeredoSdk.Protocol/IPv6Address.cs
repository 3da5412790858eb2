using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;

namespace TeredoSdk.Protocol;

/// <summary>An IPv6 address as a value. Unlike <see cref="IPAddress"/>, it needs no allocation. It has no scope identifier.</summary>
public readonly record struct IPv6Address : ISpanParsable<IPv6Address>, ISpanFormattable
{
    /// <summary>Makes an address from its two halves.</summary>
    /// <param name="high">The first eight octets as a number (the prefix).</param>
    /// <param name="low">The last eight octets as a number (the interface identifier).</param>
    public IPv6Address(ulong high, ulong low) => (High, Low) = (high, low);

    /// <summary>The first eight octets as a number (the prefix).</summary>
    public ulong High { get; init; }

    /// <summary>The last eight octets as a number (the interface identifier).</summary>
    public ulong Low { get; init; }

    /// <summary>Size on the wire, in octets.</summary>
    public const int Size = 16;

    /// <summary>ff02::1, all nodes on the link.</summary>
    public static IPv6Address AllNodes => new(0xFF02_0000_0000_0000, 1);

    /// <summary>ff02::2, all routers on the link.</summary>
    public static IPv6Address AllRouters => new(0xFF02_0000_0000_0000, 2);

    /// <summary>Whether this is the unspecified address.</summary>
    public bool IsUnspecified => High == 0 && Low == 0;

    /// <summary>Whether this is ::1.</summary>
    public bool IsLoopback => High == 0 && Low == 1;

    /// <summary>Whether this is in ff00::/8.</summary>
    public bool IsMulticast => High >> 56 == 0xFF;

    /// <summary>Whether this is in fe80::/10.</summary>
    public bool IsLinkLocal => High >> 54 == 0x3FA;

    /// <summary>Whether this is in ::/96 or ::ffff:0:0/96 (IPv4-compatible or IPv4-mapped).</summary>
    public bool IsIPv4Embedded => High == 0 && Low >> 32 is 0 or 0xFFFF;

    /// <summary>Whether this is in 2001::/32, the Teredo prefix (RFC 4380 §2.6).</summary>
    public bool IsTeredo => High >> 32 == 0x20010000;

    /// <summary>Whether this is in 2002::/16, the 6to4 prefix (RFC 3056).</summary>
    public bool Is6to4 => High >> 48 == 0x2002;

    /// <summary>The IPv4 address inside a 6to4 address (RFC 3056 §2); meaningful only when <see cref="Is6to4"/> is true.</summary>
    public IPv4Address Embedded6to4 => new((uint)(High >> 16));

    /// <summary>Whether this is in 2000::/3, the global unicast range.</summary>
    public bool IsGlobalUnicast => High >> 61 == 1;

    /// <summary>Whether this is a global unicast address outside the Teredo prefix.</summary>
    public bool IsNative => IsGlobalUnicast && !IsTeredo;

    /// <summary>Reads an address from the first sixteen octets.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The buffer is shorter than that.</exception>
    public static IPv6Address Read(ReadOnlySpan<byte> octets) =>
        new(BinaryPrimitives.ReadUInt64BigEndian(octets), BinaryPrimitives.ReadUInt64BigEndian(octets[8..]));

    /// <summary>Writes the address to the first sixteen octets.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The buffer is shorter than that.</exception>
    public void Write(Span<byte> octets)
    {
        BinaryPrimitives.WriteUInt64BigEndian(octets, High);
        BinaryPrimitives.WriteUInt64BigEndian(octets[8..], Low);
    }

    /// <summary>Makes the .NET form of the address. Allocates.</summary>
    public IPAddress ToIPAddress()
    {
        Span<byte> octets = stackalloc byte[Size];
        Write(octets);
        return new IPAddress(octets);
    }

    /// <summary>Makes the value form of a .NET address. The scope identifier is lost.</summary>
    /// <exception cref="ArgumentException">The address is not an IPv6 address.</exception>
    public static IPv6Address FromIPAddress(IPAddress address)
    {
        ArgumentNullException.ThrowIfNull(address);
        if (address.AddressFamily != AddressFamily.InterNetworkV6)
            throw new ArgumentException($"{address} is not an IPv6 address.", nameof(address));
        Span<byte> octets = stackalloc byte[Size];
        address.TryWriteBytes(octets, out _);
        return Read(octets);
    }

    /// <inheritdoc/>
    public static IPv6Address Parse(ReadOnlySpan<char> s, IFormatProvider? provider = null) => TryParse(s, provider, out var result)
        ? result
        : throw new FormatException($"'{s}' is not an IPv6 address; expected a form such as 2001:db8::1.");

    /// <inheritdoc/>
    public static IPv6Address Parse(string s, IFormatProvider? provider = null)
    {
        ArgumentNullException.ThrowIfNull(s);
        return Parse(s.AsSpan(), provider);
    }

    /// <inheritdoc/>
    public static bool TryParse(ReadOnlySpan<char> s, IFormatProvider? provider, out IPv6Address result)
    {
        // IPAddress also accepts brackets with a port, and scope identifiers. This type would silently lose both, so they are refused.
        result = default;
        if (s.IndexOfAny('[', '%', '/') >= 0 || !IPAddress.TryParse(s, out var address) || address.AddressFamily != AddressFamily.InterNetworkV6)
            return false;
        result = FromIPAddress(address);
        return true;
    }

    /// <summary>Parses text as <see cref="Parse(ReadOnlySpan{char}, IFormatProvider?)"/> does.</summary>
    /// <returns>False when it is not an IPv6 address.</returns>
    public static bool TryParse(ReadOnlySpan<char> s, out IPv6Address result) => TryParse(s, null, out result);

    /// <inheritdoc/>
    public static bool TryParse([NotNullWhen(true)] string? s, IFormatProvider? provider, out IPv6Address result) =>
        TryParse(s.AsSpan(), provider, out result);

    /// <inheritdoc/>
    public bool TryFormat(Span<char> destination, out int charsWritten, ReadOnlySpan<char> format = default, IFormatProvider? provider = null) =>
        ToIPAddress().TryFormat(destination, out charsWritten);

    /// <inheritdoc/>
    public string ToString(string? format, IFormatProvider? formatProvider) => ToString();

    /// <summary>A hash that differs from process to process: peers choose addresses, and can't choose ones that meet in a table.</summary>
    public override int GetHashCode() => (int)(AddressHash.OfProcess.Hash(this) >> 32);

    /// <summary>The canonical text form (RFC 5952).</summary>
    public override string ToString() => ToIPAddress().ToString();
}

/// <summary>An IPv6 prefix.</summary>
public readonly record struct IPv6Prefix
{
    /// <summary>A prefix by its parts.</summary>
    /// <param name="address">An address in the prefix.</param>
    /// <param name="length">The prefix length, 0 to 128; not checked here.</param>
    public IPv6Prefix(IPv6Address address, int length) => (Address, Length) = (address, length);

    /// <summary>An address in the prefix.</summary>
    public IPv6Address Address { get; init; }

    /// <summary>The prefix length, 0 to 128; not checked here.</summary>
    public int Length { get; init; }

    /// <summary>Whether the address lies in the prefix.</summary>
    public bool Contains(IPv6Address address)
    {
        ulong highMask = Length >= 64 ? ulong.MaxValue : Length <= 0 ? 0 : ulong.MaxValue << (64 - Length);
        ulong lowMask = Length >= 128 ? ulong.MaxValue : Length <= 64 ? 0 : ulong.MaxValue << (128 - Length);
        return ((address.High ^ Address.High) & highMask) == 0 && ((address.Low ^ Address.Low) & lowMask) == 0;
    }

    /// <summary>Address, slash, prefix length.</summary>
    public override string ToString() => $"{Address}/{Length}";
}
