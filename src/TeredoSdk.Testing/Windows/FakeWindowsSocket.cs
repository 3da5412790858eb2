using System.Diagnostics.CodeAnalysis;
using System.Net.Sockets;

namespace TeredoSdk.Testing;

/// <summary>A socket that a <see cref="FakeWindows"/> created.</summary>
[Experimental("TEREDO001")]
public sealed record FakeWindowsSocket
{
    /// <summary>Stream or datagram.</summary>
    public required SocketType Type { get; init; }

    /// <summary>The requested protection level. It is set on the socket only when the test runs on a real Windows.</summary>
    public required IPProtectionLevel Level { get; init; }

    /// <summary>The socket itself; the code that requested it owns it.</summary>
    public required Socket Socket { get; init; }
}
