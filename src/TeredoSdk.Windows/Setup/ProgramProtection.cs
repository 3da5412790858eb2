using System.Runtime.Versioning;
using System.Security.AccessControl;
using System.Security.Principal;

namespace TeredoSdk.Windows.Setup;

/// <summary>
/// Tells whether users without rights can change a program: the file, what lies beside it, which it may load, or a folder above, which they could
/// replace.
/// </summary>
[SupportedOSPlatform("windows")]
static class ProgramProtection
{
    const FileSystemRights Change = FileSystemRights.Delete | FileSystemRights.ChangePermissions | FileSystemRights.TakeOwnership;
    const FileSystemRights ChangeFile = Change | FileSystemRights.WriteData | FileSystemRights.AppendData;
    const FileSystemRights ChangeFolder = ChangeFile | FileSystemRights.DeleteSubdirectoriesAndFiles;
    const FileSystemRights ReplaceFolder = Change | FileSystemRights.DeleteSubdirectoriesAndFiles; // above: a new folder in C:\ does no harm
    const uint Generic = 0x50000000; // GENERIC_ALL, GENERIC_WRITE

    // NT SERVICE\TrustedInstaller owns what Windows itself brought.
    const string TrustedInstaller = "S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464";

    public static string? FindWritable(string program)
    {
        try
        {
            if (MayBeChanged(new FileInfo(program).GetAccessControl(), ChangeFile))
                return program;
            var folder = new FileInfo(program).Directory;
            if (folder is not null && MayBeChanged(folder.GetAccessControl(), ChangeFolder))
                return folder.FullName;
            if (folder?.EnumerateFiles().FirstOrDefault(beside => IsCode(beside) && MayBeChanged(beside.GetAccessControl(), ChangeFile)) is { } loaded)
                return loaded.FullName;
            for (var above = folder?.Parent; above is not null; above = above.Parent)
            {
                if (MayBeChanged(above.GetAccessControl(), ReplaceFolder))
                    return above.FullName;
            }
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or PlatformNotSupportedException)
        {
            return program; // a share, or a file system without rights: nobody knows
        }
    }

    /// <summary>Whether somebody but administrators and the system owns it, or has one of the rights to it.</summary>
    public static bool MayBeChanged(RawSecurityDescriptor security, FileSystemRights rights) => !IsTrusted(security.Owner)
        || security.DiscretionaryAcl is not { } list || list.Cast<GenericAce>().Any(entry => !entry.AceFlags.HasFlag(AceFlags.InheritOnly)
            && entry is not CommonAce { AceQualifier: AceQualifier.AccessDenied }
            && (entry is not CommonAce allowed || (!IsTrusted(allowed.SecurityIdentifier) && ((uint)allowed.AccessMask & ((uint)rights | Generic)) != 0)));

    static bool IsCode(FileInfo file) => file.Extension.ToUpperInvariant() is ".DLL" or ".JSON";

    static bool MayBeChanged(FileSystemSecurity security, FileSystemRights rights) =>
        MayBeChanged(new RawSecurityDescriptor(security.GetSecurityDescriptorBinaryForm(), 0), rights);

    static bool IsTrusted(SecurityIdentifier? who) => RecordProtection.IsTrusted(who) || who?.Value == TrustedInstaller;
}
