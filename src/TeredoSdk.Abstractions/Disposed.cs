using System.Diagnostics.CodeAnalysis;

namespace TeredoSdk;

/// <summary>What is thrown when something that a user disposed is used, by the name that the user knows it by.</summary>
static class Disposed
{
    public const string Node = "TeredoNode", Listener = "TeredoListener", Connection = "TeredoConnection", DatagramSocket = "TeredoDatagramSocket";

    /// <exception cref="ObjectDisposedException">It is disposed.</exception>
    [SuppressMessage("Maintainability", "CA1513", Justification = "By name: the type is a floor above.")]
    public static void ThrowIf(bool isDisposed, string name)
    {
        if (isDisposed)
            throw new ObjectDisposedException(name);
    }
}
