using System.Runtime.Versioning;
using System.Security.AccessControl;
using System.Security.Principal;

namespace TeredoSdk.Setup;

/// <summary>
/// Protects the records on Windows from ordinary users, who may otherwise write to ProgramData. A removal, which runs as administrator, trusts the
/// records.
/// </summary>
[SupportedOSPlatform("windows")]
static class RecordProtection
{
    static SecurityIdentifier Administrators { get; } = new(WellKnownSidType.BuiltinAdministratorsSid, null);

    static SecurityIdentifier System { get; } = new(WellKnownSidType.LocalSystemSid, null);

    static SecurityIdentifier Users { get; } = new(WellKnownSidType.BuiltinUsersSid, null);

    /// <summary>Makes the folder, unless it exists, so that only administrators can write to it and every user can read it.</summary>
    /// <exception cref="TeredoException">An ordinary user made the folder, and could replace its content.</exception>
    public static void CreateFolder(string folder)
    {
        var security = new DirectorySecurity();
        security.SetAccessRuleProtection(isProtected: true, preserveInheritance: false);
        Allow(security, Administrators, FileSystemRights.FullControl);
        Allow(security, System, FileSystemRights.FullControl);
        Allow(security, Users, FileSystemRights.ReadAndExecute);
        new DirectoryInfo(folder).Create(security);
        if (!IsTrusted(folder))
            throw new TeredoException(TeredoError.SetupFailed, $"The folder of the setup's record, {folder}, was not made by an administrator, so "
                + "other users could write to it. Move the folder away and try again.");
    }

    /// <summary>Whether a folder belongs to an administrator or the system, and is not a link to another folder.</summary>
    public static bool IsTrusted(string folder)
    {
        var directory = new DirectoryInfo(folder);
        return !directory.Attributes.HasFlag(FileAttributes.ReparsePoint) && IsTrusted(directory.GetAccessControl(AccessControlSections.Owner));
    }

    /// <summary>Whether an open file belongs to an administrator or the system. The check concerns the open file, not its name.</summary>
    public static bool IsTrusted(FileStream file) => IsTrusted(file.GetAccessControl());

    // What an administrator's process makes usually belongs to the group Administrators. On a system where it does not, it belongs to the user.
    static bool IsTrusted(ObjectSecurity security)
    {
        using var me = WindowsIdentity.GetCurrent();
        return security.GetOwner(typeof(SecurityIdentifier)) is SecurityIdentifier owner
            && (owner == Administrators || owner == System || (me.Owner != Administrators && owner == me.User));
    }

    static void Allow(DirectorySecurity security, SecurityIdentifier who, FileSystemRights rights) =>
        security.AddAccessRule(new(who, rights, InheritanceFlags.ContainerInherit | InheritanceFlags.ObjectInherit, PropagationFlags.None,
            AccessControlType.Allow));
}
