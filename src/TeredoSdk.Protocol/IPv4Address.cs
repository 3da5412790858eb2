using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;

namespace TeredoSdk.Protocol;

/// <summary>An IPv4 address as a value. Unlike <see cref="IPAddress"/>, it needs no allocation.</summary>
public readonly record struct IPv4Address : ISpanParsable<IPv4Address>, ISpanFormattable
{
    /// <summary>Makes an address from a number.</summary>
    /// <param name="value">The address as a number in host order: 192.0.2.1 is 0xC0000201.</param>
    public IPv4Address(uint value) => Value = value;

    /// <summary>The address as a number in host order: 192.0.2.1 is 0xC0000201.</summary>
    public uint Value { get; init; }

    /// <summary>Size on the wire, in octets.</summary>
    public const int Size = 4;

    /// <summary>Whether this is 0.0.0.0.</summary>
    public bool IsUnspecified => Value == 0;

    /// <summary>Whether this is in 224.0.0.0/4.</summary>
    public bool IsMulticast => Value >> 28 == 0xE;

    /// <summary>Whether this is in 127.0.0.0/8.</summary>
    public bool IsLoopback => Value >> 24 == 127;

    /// <summary>Whether this is a private address of RFC 1918.</summary>
    public bool IsPrivate => Value >> 24 == 10 || Value >> 20 == 0xAC1 || Value >> 16 == 0xC0A8;

    /// <summary>Reads an address from the first four octets.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The buffer is shorter than that.</exception>
    public static IPv4Address Read(ReadOnlySpan<byte> octets) => new(BinaryPrimitives.ReadUInt32BigEndian(octets));

    /// <summary>Writes the address to the first four octets.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The buffer is shorter than that.</exception>
    public void Write(Span<byte> octets) => BinaryPrimitives.WriteUInt32BigEndian(octets, Value);

    /// <summary>Makes the .NET form of the address. Allocates.</summary>
    public IPAddress ToIPAddress()
    {
        Span<byte> octets = stackalloc byte[Size];
        Write(octets);
        return new IPAddress(octets);
    }

    /// <summary>Makes the value form of a .NET address. An IPv4-mapped IPv6 address is accepted, too.</summary>
    /// <exception cref="ArgumentException">The address is not an IPv4 address.</exception>
    public static IPv4Address FromIPAddress(IPAddress address)
    {
        ArgumentNullException.ThrowIfNull(address);
        if (address.IsIPv4MappedToIPv6)
            address = address.MapToIPv4();
        if (address.AddressFamily != AddressFamily.InterNetwork)
            throw new ArgumentException($"{address} is not an IPv4 address.", nameof(address));
        Span<byte> octets = stackalloc byte[Size];
        address.TryWriteBytes(octets, out _);
        return Read(octets);
    }

    /// <inheritdoc/>
    public static IPv4Address Parse(ReadOnlySpan<char> s, IFormatProvider? provider = null) => TryParse(s, provider, out var result)
        ? result
        : throw new FormatException($"'{s}' is not an IPv4 address; expected four numbers such as 192.0.2.1.");

    /// <inheritdoc/>
    public static IPv4Address Parse(string s, IFormatProvider? provider = null)
    {
        ArgumentNullException.ThrowIfNull(s);
        return Parse(s.AsSpan(), provider);
    }

    /// <inheritdoc/>
    public static bool TryParse(ReadOnlySpan<char> s, IFormatProvider? provider, out IPv4Address result)
    {
        // Accepts only four decimal numbers: the short and octal forms that other parsers accept are a known source of confusion.
        result = default;
        uint value = 0;
        for (int part = 0; part < 4; part++)
        {
            int length = part < 3 ? s.IndexOf('.') : s.Length;
            if (length is < 1 or > 3 || (length > 1 && s[0] == '0'))
                return false;
            uint number = 0;
            foreach (char digit in s[..length])
            {
                if (!char.IsAsciiDigit(digit))
                    return false;
                number = number * 10 + (uint)(digit - '0');
            }
            if (number > 255)
                return false;
            value = value << 8 | number;
            s = part < 3 ? s[(length + 1)..] : default;
        }
        result = new(value);
        return true;
    }

    /// <summary>Parses text as <see cref="Parse(ReadOnlySpan{char}, IFormatProvider?)"/> does.</summary>
    /// <returns>False when it is not an IPv4 address.</returns>
    public static bool TryParse(ReadOnlySpan<char> s, out IPv4Address result) => TryParse(s, null, out result);

    /// <inheritdoc/>
    public static bool TryParse([NotNullWhen(true)] string? s, IFormatProvider? provider, out IPv4Address result) =>
        TryParse(s.AsSpan(), provider, out result);

    /// <inheritdoc/>
    public bool TryFormat(Span<char> destination, out int charsWritten, ReadOnlySpan<char> format = default, IFormatProvider? provider = null) =>
        destination.TryWrite($"{Value >> 24}.{Value >> 16 & 255}.{Value >> 8 & 255}.{Value & 255}", out charsWritten);

    /// <inheritdoc/>
    public string ToString(string? format, IFormatProvider? formatProvider) => ToString();

    /// <summary>The dotted form.</summary>
    public override string ToString() => $"{Value >> 24}.{Value >> 16 & 255}.{Value >> 8 & 255}.{Value & 255}";
}

/// <summary>An IPv4 address with a UDP port.</summary>
public readonly record struct IPv4Endpoint : ISpanParsable<IPv4Endpoint>, ISpanFormattable
{
    /// <summary>Makes an end point from an address and a port.</summary>
    /// <param name="address">The address.</param>
    /// <param name="port">The UDP port, 0 to 65535.</param>
    public IPv4Endpoint(IPv4Address address, ushort port) => (Address, Port) = (address, port);

    /// <summary>The address.</summary>
    public IPv4Address Address { get; init; }

    /// <summary>The UDP port, 0 to 65535.</summary>
    public ushort Port { get; init; }

    /// <summary>Address and port as one number, for use as a key. The address is in bits 16 to 47.</summary>
    internal ulong Key => (ulong)Address.Value << 16 | Port;

    /// <summary>Makes the .NET form. Allocates.</summary>
    public IPEndPoint ToIPEndPoint() => new(Address.ToIPAddress(), Port);

    /// <summary>Makes the value form of a .NET end point.</summary>
    /// <exception cref="ArgumentException">The end point's address is not an IPv4 address.</exception>
    public static IPv4Endpoint FromIPEndPoint(IPEndPoint endPoint)
    {
        ArgumentNullException.ThrowIfNull(endPoint);
        return new(IPv4Address.FromIPAddress(endPoint.Address), (ushort)endPoint.Port);
    }

    /// <inheritdoc/>
    public static IPv4Endpoint Parse(ReadOnlySpan<char> s, IFormatProvider? provider = null) => TryParse(s, provider, out var result)
        ? result
        : throw new FormatException($"'{s}' is not an IPv4 end point; expected an address and a port such as 192.0.2.1:3544.");

    /// <inheritdoc/>
    public static IPv4Endpoint Parse(string s, IFormatProvider? provider = null)
    {
        ArgumentNullException.ThrowIfNull(s);
        return Parse(s.AsSpan(), provider);
    }

    /// <inheritdoc/>
    public static bool TryParse(ReadOnlySpan<char> s, IFormatProvider? provider, out IPv4Endpoint result)
    {
        int colon = s.IndexOf(':');
        bool valid = IPv4Address.TryParse(colon < 0 ? default : s[..colon], provider, out var address)
            & ushort.TryParse(colon < 0 ? default : s[(colon + 1)..], System.Globalization.NumberStyles.None, null, out ushort port);
        result = valid ? new(address, port) : default;
        return valid;
    }

    /// <summary>Parses text as <see cref="Parse(ReadOnlySpan{char}, IFormatProvider?)"/> does.</summary>
    /// <returns>False when it is not an IPv4 end point.</returns>
    public static bool TryParse(ReadOnlySpan<char> s, out IPv4Endpoint result) => TryParse(s, null, out result);

    /// <inheritdoc/>
    public static bool TryParse([NotNullWhen(true)] string? s, IFormatProvider? provider, out IPv4Endpoint result) =>
        TryParse(s.AsSpan(), provider, out result);

    /// <inheritdoc/>
    public bool TryFormat(Span<char> destination, out int charsWritten, ReadOnlySpan<char> format = default, IFormatProvider? provider = null) =>
        destination.TryWrite($"{Address}:{Port}", out charsWritten);

    /// <inheritdoc/>
    public string ToString(string? format, IFormatProvider? formatProvider) => ToString();

    /// <summary>Address, colon, port.</summary>
    public override string ToString() => $"{Address}:{Port}";
}

/// <summary>An IPv4 subnet.</summary>
public readonly record struct IPv4Subnet
{
    /// <summary>A subnet by its parts.</summary>
    /// <param name="address">An address in the subnet.</param>
    /// <param name="prefixLength">The prefix length, 0 to 32; not checked here.</param>
    public IPv4Subnet(IPv4Address address, int prefixLength) => (Address, PrefixLength) = (address, prefixLength);

    /// <summary>An address in the subnet.</summary>
    public IPv4Address Address { get; init; }

    /// <summary>The prefix length, 0 to 32; not checked here.</summary>
    public int PrefixLength { get; init; }

    uint Mask => PrefixLength <= 0 ? 0 : uint.MaxValue << (32 - PrefixLength);

    /// <summary>Whether the address lies in the subnet.</summary>
    public bool Contains(IPv4Address address) => ((address.Value ^ Address.Value) & Mask) == 0;

    /// <summary>Whether the address is the subnet's directed broadcast address (prefixes of 31 and 32 have none).</summary>
    public bool IsDirectedBroadcast(IPv4Address address) =>
        PrefixLength is > 0 and < 31 && address.Value == (Address.Value | ~Mask);

    /// <summary>Address, slash, prefix length.</summary>
    public override string ToString() => $"{Address}/{PrefixLength}";
}
