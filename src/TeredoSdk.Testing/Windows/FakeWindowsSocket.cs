using System.Net.Sockets;

namespace TeredoSdk.Testing;

/// <summary>A socket that a <see cref="FakeWindows"/> created.</summary>
public sealed record FakeWindowsSocket
{
    /// <summary>Stream or datagram.</summary>
    public required SocketType Type { get; init; }

    /// <summary>The protection level that was asked for. Only a real Windows has the option, so only there it is set, too.</summary>
    public required IPProtectionLevel Level { get; init; }

    /// <summary>The socket itself, owned by whom it was created for.</summary>
    public required Socket Socket { get; init; }
}
