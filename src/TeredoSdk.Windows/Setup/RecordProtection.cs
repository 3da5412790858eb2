using System.Runtime.Versioning;
using System.Security.AccessControl;
using System.Security.Principal;

namespace TeredoSdk.Windows.Setup;

/// <summary>
/// Protects the records on Windows from ordinary users, who may make folders in ProgramData. A removal, which runs as administrator, believes the
/// records. So they are in a folder, and in files, that administrators and the system own and nobody else may write to, and that are no links.
/// </summary>
/// <remarks>
/// Ordinary users can neither rename nor delete such a folder, because they lack the right in ProgramData itself. So what was checked stays.
/// Not seen on a real Windows: Wine makes up owners and access control lists from the modes of files.
/// </remarks>
[SupportedOSPlatform("windows")]
static class RecordProtection
{
    // Wine has one owner for everything, its only user. No user of a real Windows has this identifier.
    const string WinesUser = "S-1-5-21-0-0-0-1000";

    // What others may do: read. Generic rights stand in lists that no program of Windows made.
    const uint ReadRights = (uint)(FileSystemRights.ReadAndExecute | FileSystemRights.Synchronize) | GenericRead | GenericExecute;
    const uint GenericRead = 0x80000000, GenericExecute = 0x20000000;

    static SecurityIdentifier Administrators { get; } = new(WellKnownSidType.BuiltinAdministratorsSid, null);

    static SecurityIdentifier System { get; } = new(WellKnownSidType.LocalSystemSid, null);

    static SecurityIdentifier Users { get; } = new(WellKnownSidType.BuiltinUsersSid, null);

    /// <summary>Makes the folder, unless there is a trusted one. What is in its place is renamed: its content is not ours, and is not lost.</summary>
    /// <exception cref="TeredoException">Somebody keeps the folder from being renamed, or makes it anew each time.</exception>
    public static void CreateFolder(string folder)
    {
        const int tries = 3; // somebody else may make the folder between the renaming and the making
        for (int i = 0; i < tries; i++)
        {
            if (Directory.Exists(folder) && IsTrustedFolder(folder))
                return;
            try
            {
                MoveAway(folder);
                new DirectoryInfo(folder).Create(Secure(new DirectorySecurity(), InheritanceFlags.ContainerInherit | InheritanceFlags.ObjectInherit));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw Untrusted(folder, e);
            }
        }
        if (!IsTrustedFolder(folder))
            throw Untrusted(folder, null);
    }

    /// <summary>Makes a file that everybody may read. It is a new one: a file or link with its name is deleted first.</summary>
    public static FileStream CreateFile(string path)
    {
        File.Delete(path);
        return new FileInfo(path).Create(FileMode.CreateNew, FileSystemRights.Write | FileSystemRights.ReadPermissions, FileShare.None, 4096, FileOptions.None,
            Secure(new FileSecurity(), InheritanceFlags.None));
    }

    /// <summary>Whether a folder is no link, and administrators and the system alone own it and may write to it.</summary>
    public static bool IsTrustedFolder(string folder)
    {
        try
        {
            var directory = new DirectoryInfo(folder);
            return !directory.Attributes.HasFlag(FileAttributes.ReparsePoint) && IsTrusted(directory.GetAccessControl());
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false; // whoever may not even see it has not made it with the rights that we give
        }
    }

    /// <summary>Whether an open file in a trusted folder is no link, and administrators and the system alone own it and may write to it.</summary>
    public static bool IsTrustedFile(FileStream file) =>
        !File.GetAttributes(file.Name).HasFlag(FileAttributes.ReparsePoint) && IsTrusted(file.GetAccessControl());

    /// <summary>Whether administrators and the system alone own something and may write to it. Missing and unknown entries are not trusted.</summary>
    public static bool IsTrusted(RawSecurityDescriptor security) =>
        IsTrusted(security.Owner) && security.DiscretionaryAcl is { } list && list.Cast<GenericAce>().All(IsHarmless);

    static bool IsTrusted(FileSystemSecurity security) => IsTrusted(new RawSecurityDescriptor(security.GetSecurityDescriptorBinaryForm(), 0));

    public static bool IsTrusted(SecurityIdentifier? who) => who is not null && (who == Administrators || who == System || who.Value == WinesUser);

    static bool IsHarmless(GenericAce entry) => entry is CommonAce { AceQualifier: AceQualifier.AccessDenied }
        || (entry is CommonAce { AceQualifier: AceQualifier.AccessAllowed } allowed
            && (IsTrusted(allowed.SecurityIdentifier) || ((uint)allowed.AccessMask & ~ReadRights) == 0));

    // The owner is named, too: by a setting of Windows, what an administrator makes belongs to the user, who may be the user of other programs.
    static T Secure<T>(T security, InheritanceFlags inheritance) where T : FileSystemSecurity
    {
        security.SetOwner(Administrators);
        security.SetAccessRuleProtection(isProtected: true, preserveInheritance: false);
        Allow(Administrators, FileSystemRights.FullControl);
        Allow(System, FileSystemRights.FullControl);
        Allow(Users, FileSystemRights.ReadAndExecute);
        return security;

        void Allow(SecurityIdentifier who, FileSystemRights rights) =>
            security.AddAccessRule(new(who, rights, inheritance, PropagationFlags.None, AccessControlType.Allow));
    }

    // Renaming a link renames the link, not what it leads to.
    static void MoveAway(string folder)
    {
        string away = $"{folder}.untrusted-{Guid.NewGuid():N}";
        if (Directory.Exists(folder))
            Directory.Move(folder, away);
        else if (File.Exists(folder))
            File.Move(folder, away);
    }

    static TeredoException Untrusted(string folder, Exception? e) => new(TeredoError.SetupFailed, $"The folder of the setup's records, {folder}, "
        + $"is not protected from other users, and can't be replaced{(e is null ? "" : $" ({e.Message})")}. Nothing was changed. Close the programs "
        + "that use the folder, move it away, and try again.", e);
}
