using System.Net.Sockets;

namespace TeredoSdk.Testing;

/// <summary>A socket that a <see cref="FakeWindows"/> created.</summary>
/// <param name="Type">Stream or datagram.</param>
/// <param name="Level">The protection level that was asked for. Only a real Windows has the option, so only there it is set, too.</param>
/// <param name="Socket">The socket itself, owned by whom it was created for.</param>
public sealed record FakeWindowsSocket(SocketType Type, IPProtectionLevel Level, Socket Socket);
