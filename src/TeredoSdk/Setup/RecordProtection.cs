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
    /// <exception cref="TeredoException">Somebody else made one there, who could exchange what is in it.</exception>
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
                + "others could write to it. Move it away and try again.");
    }

    /// <summary>Whether a folder is an administrator's or the system's, and no link to another one.</summary>
    public static bool IsTrusted(string folder)
    {
        var directory = new DirectoryInfo(folder);
        return !directory.Attributes.HasFlag(FileAttributes.ReparsePoint) && IsTrusted(directory.GetAccessControl(AccessControlSections.Owner));
    }

    /// <summary>Whether an open file is an administrator's or the system's: that file, whatever has its name meanwhile.</summary>
    public static bool IsTrusted(FileStream file) => IsTrusted(file.GetAccessControl());

    // An administrator's process makes things the administrators' own. Where one does not, they are its person's.
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
