using System.Net;
using System.Net.Sockets;

namespace Chat;

/// <summary>
/// How to reach a peer: <c>[ADDRESS]:PORT</c>, with <c>/udp</c> for datagrams, or <c>#FINGERPRINT</c> for TLS with the key of that fingerprint.
/// </summary>
sealed record Invitation(IPEndPoint EndPoint, bool OverDatagrams, string? Fingerprint)
{
    const string Datagrams = "/udp";
    const int FingerprintDigits = 64; // the digits of a SHA-256 hash

    /// <exception cref="FormatException">The text is not an invitation.</exception>
    public static Invitation Parse(string text)
    {
        string[] parts = text.Split('#', 2);
        bool overDatagrams = parts[0].EndsWith(Datagrams, StringComparison.Ordinal);
        bool isValid = IPEndPoint.TryParse(overDatagrams ? parts[0][..^Datagrams.Length] : parts[0], out var endPoint)
            && endPoint is { AddressFamily: AddressFamily.InterNetworkV6, Port: > 0 }
            && (parts.Length == 1 || (!overDatagrams && parts[1].Length == FingerprintDigits && parts[1].All(char.IsAsciiHexDigitLower)));
        return isValid ? new(endPoint!, overDatagrams, parts.Length == 2 ? parts[1] : null)
            : throw new FormatException(
                $"'{Words.Clean(text)}' is not an invitation; expected the text of a peer, such as [2001:0:cb00:7101:2443:665f:34ff:8ef4]:4242.");
    }

    public override string ToString() => EndPoint + (OverDatagrams ? Datagrams : "") + (Fingerprint is null ? "" : "#" + Fingerprint);
}
