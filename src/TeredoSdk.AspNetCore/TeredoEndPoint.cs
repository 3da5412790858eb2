using System.Globalization;
using System.Net;

namespace TeredoSdk.AspNetCore;

/// <summary>A TCP port at the application's Teredo address, whatever it is, for Kestrel to listen at.</summary>
/// <remarks>Immutable. Two end points with the same port are equal.</remarks>
public sealed class TeredoEndPoint : EndPoint, IEquatable<TeredoEndPoint>
{
    /// <param name="port">The port, 1 to 65535, or 0 for any free port.</param>
    /// <exception cref="ArgumentOutOfRangeException">The port is outside its range.</exception>
    public TeredoEndPoint(int port)
    {
        if (port is < IPEndPoint.MinPort or > IPEndPoint.MaxPort)
            throw new ArgumentOutOfRangeException(nameof(port), port, "Expected 0 (any) or 1 to 65535.");
        Port = port;
    }

    /// <summary>The port, or 0 for any free port.</summary>
    public int Port { get; }

    /// <inheritdoc/>
    public bool Equals(TeredoEndPoint? other) => other?.Port == Port;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as TeredoEndPoint);

    /// <inheritdoc/>
    public override int GetHashCode() => Port;

    /// <summary>The text form, for example <c>teredo:8080</c>.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"teredo:{Port}");
}
