using System.Security.Cryptography;
using System.Text;

namespace TeredoSdk.Windows.Setup;

/// <summary>Tells machines apart, for records and plans that a copied folder or image brings to another machine.</summary>
static class MachineIdentity
{
    // Without the purpose the digest would be that of other programs, too.
    const string Purpose = "TeredoSdk setup\n";

    /// <summary>
    /// A digest of the identifier that Windows makes when it is installed, which itself is nobody else's business; null where there is none. An image that
    /// was copied without sysprep has the identifier of the machine that it was copied from.
    /// </summary>
    public static string? Of(IWindowsSystem windows) =>
        windows.ReadRegistry(@"SOFTWARE\Microsoft\Cryptography", "MachineGuid").ValueOrDefault is string { Length: > 0 } guid
            ? Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Purpose + guid.Trim().ToUpperInvariant()))) : null;
}
