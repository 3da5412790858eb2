using System.Runtime.Versioning;
using System.Security.AccessControl;
using System.Security.Principal;

namespace TeredoSdk.Setup;

/// <summary>
/// Keeps the records of Windows out of the hands of ordinary users, who may write to ProgramData: a removal, which an administrator runs, does what
/// they say.
/// </summary>
[SupportedOSPlatform("windows")]
static class RecordProtection
{
    static SecurityIdentifier Administrators { get; } = new(WellKnownSidType.BuiltinAdministratorsSid, null);

    static SecurityIdentifier System { get; } = new(WellKnownSidType.LocalSystemSid, null);

    static SecurityIdentifier Users { get; } = new(WellKnownSidType.BuiltinUsersSid, null);

    /// <summary>Makes the folder, unless it is there, so that only administrators write to it and everybody reads it.</summary>
    public static void CreateFolder(string folder)
    {
        var security = new DirectorySecurity();
        security.SetAccessRuleProtection(isProtected: true, preserveInheritance: false);
        Allow(security, Administrators, FileSystemRights.FullControl);
        Allow(security, System, FileSystemRights.FullControl);
        Allow(security, Users, FileSystemRights.ReadAndExecute);
        new DirectoryInfo(folder).Create(security);
    }

    /// <summary>Whether a file is an administrator's, the system's or this process's own person's.</summary>
    public static bool IsTrusted(string path)
    {
        var owner = new FileInfo(path).GetAccessControl(AccessControlSections.Owner).GetOwner(typeof(SecurityIdentifier));
        using var me = WindowsIdentity.GetCurrent();
        return owner is SecurityIdentifier found && (found == Administrators || found == System || found == me.User || found == me.Owner);
    }

    static void Allow(DirectorySecurity security, SecurityIdentifier who, FileSystemRights rights) =>
        security.AddAccessRule(new(who, rights, InheritanceFlags.ContainerInherit | InheritanceFlags.ObjectInherit, PropagationFlags.None,
            AccessControlType.Allow));
}
