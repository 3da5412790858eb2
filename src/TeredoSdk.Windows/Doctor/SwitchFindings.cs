using TeredoSdk.Windows.Native.Netsh;

namespace TeredoSdk.Windows.Doctor;

/// <summary>The words for the switches that keep Windows' Teredo off.</summary>
static class SwitchFindings
{
    const string Type = "Windows' Teredo", Service = "iphlpsvc", Registry = "DisabledComponents";

    /// <param name="type">The type.</param>
    /// <param name="read">What was read, and where.</param>
    public static Finding Policy(TeredoType type, IReadOnlyList<string> read) =>
        Error(FindingIds.TeredoOffByPolicy, TeredoError.TeredoDisabledByPolicy, Type,
            $"A group policy sets Windows' Teredo to {TeredoCommands.Word(type)}.",
            Step("Set \"Set Teredo State\" to \"Enterprise Client\" or \"Not configured\" (gpedit.msc: Administrative Templates, Network, TCPIP "
                + "Settings, IPv6 Transition Technologies), or ask the administrator of this machine."), read, "group policy");

    /// <summary>The type is one that has no client, and no policy set it.</summary>
    public static Finding OfType(TeredoType type, Version version, IReadOnlyList<string> read)
    {
        string command = TeredoCommands.Text(TeredoCommands.Enable(version, null));
        var fix = Step($"In an elevated prompt, run {command}; to undo it, run {TeredoCommands.Text(TeredoCommands.Set(version, type, null))}.", command);
        return type == TeredoType.Default
            ? Error(FindingIds.TeredoOffByDefault, TeredoError.TeredoDisabledByDefault, Type,
                $"Windows' Teredo is off, because Windows {version} does not switch it on by default.", fix, read, "default")
            : Error(FindingIds.TeredoOff, TeredoError.TeredoDisabled, Type,
                $"Windows' Teredo is set to {TeredoCommands.Word(type)}, so there is no client.", fix, read, "local setting");
    }

    public static Finding IPv6NotInstalled()
    {
        string command = TeredoCommands.Text(TeredoCommands.InstallIPv6);
        return Error(FindingIds.IPv6NotInstalled, TeredoError.IPv6Disabled, "IPv6", "IPv6 is not installed.",
            Step($"As an administrator, run {command}.", command), ["the service manager: there is no service tcpip6"]);
    }

    /// <param name="key">The registry key below HKEY_LOCAL_MACHINE.</param>
    /// <param name="bits">The value as it is.</param>
    /// <param name="better">The value that leaves Teredo on.</param>
    /// <param name="isAll">Whether the value switches off all of IPv6.</param>
    public static Finding DisabledComponents(string key, int bits, int better, bool isAll)
    {
        string command = $@"reg add HKLM\{key} /v DisabledComponents /t REG_DWORD /d 0x{better:X2} /f";
        var fix = Step($"In an elevated prompt, run {command}, then restart Windows. To undo it, set 0x{bits:X2} again.", command);
        string problem = $"The registry value DisabledComponents (0x{bits:X2}) switches off {(isAll ? "IPv6" : "Teredo")}.";
        string[] read = [$@"HKLM\{key}\DisabledComponents is 0x{bits:X2}"];
        return isAll ? Error(FindingIds.IPv6Off, TeredoError.IPv6Disabled, Registry, problem, fix, read, "registry")
            : Error(FindingIds.TeredoOffByRegistry, TeredoError.TeredoDisabledByRegistry, Registry, problem, fix, read, "registry");
    }

    /// <summary>The service that runs Teredo does not run.</summary>
    public static Finding OfService(WindowsService service)
    {
        const string Problem = "The service iphlpsvc (IP Helper), which runs Windows' Teredo, does not run.", Start = "net start iphlpsvc";
        if (!service.Exists)
            return Error(FindingIds.ServiceMissing, TeredoError.ServiceStopped, Service,
                "This system has no service iphlpsvc (IP Helper), which runs Windows' Teredo.",
                new() { Sentence = $"Use the provider {nameof(TeredoProvider.Embedded)}, the SDK's own client." }, ["the service manager: there is no service iphlpsvc"]);
        string[] read = [$"the service manager: iphlpsvc is stopped, and its start type is {service.StartType}"];
        return service.IsDisabled
            ? Error(FindingIds.ServiceDisabled, TeredoError.ServiceStopped, Service, Problem,
                Step($"In an elevated prompt, run {TeredoCommands.Sc} config iphlpsvc start= auto, then {Start}."), read)
            : Error(FindingIds.ServiceStopped, TeredoError.ServiceStopped, Service, Problem, Step($"In an elevated prompt, run {Start}.", Start), read);
    }

    static Fix Step(string sentence, string? command = null) => new() { Sentence = sentence, Command = command, NeedsAdministrator = true };

    static Finding Error(string id, TeredoError error, string subject, string problem, Fix fix, IReadOnlyList<string> read, string? setBy = null) => new()
    {
        Id = id,
        Severity = FindingSeverity.Error,
        Subject = subject,
        Problem = problem,
        Evidence = read,
        SetBy = setBy,
        Fix = fix,
        Error = error,
    };
}
