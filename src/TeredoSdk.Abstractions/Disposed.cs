using System.Diagnostics.CodeAnalysis;

namespace TeredoSdk;

/// <summary>Throws when a disposed object is used. The exception names the public type, which the user knows.</summary>
static class Disposed
{
    public const string Node = "TeredoNode", Listener = "TeredoListener", Connection = "TeredoConnection", DatagramSocket = "TeredoDatagramSocket";

    /// <exception cref="ObjectDisposedException">The object is disposed.</exception>
    [SuppressMessage("Maintainability", "CA1513", Justification = "The public type is on a floor above, so it is given by name.")]
    public static void ThrowIf(bool isDisposed, string name)
    {
        if (isDisposed)
            throw new ObjectDisposedException(name);
    }
}
