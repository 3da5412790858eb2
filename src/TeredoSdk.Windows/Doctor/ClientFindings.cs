using System.Net;
using TeredoSdk.Windows.Native.Netsh;

namespace TeredoSdk.Windows.Doctor;

/// <summary>The words for what Windows' Teredo client says, and for its address.</summary>
static class ClientFindings
{
    const string Client = "Windows' Teredo", ShowCommand = "netsh interface teredo show state",
        ShowState = $"the command {ShowCommand} tells more.", AllowServer = "Allow UDP to port 3544 of the Teredo server";

    /// <summary>Source: "Teredo Components". Teredo then acts as a host-specific relay; no page says whether it shows its address.</summary>
    public static Finding BesideNativeIPv6() => Warning(FindingIds.TeredoBesideNative, Client,
        "This machine has other IPv6. Windows' Teredo then reaches only Teredo peers and may have no address of its own; strangers reach this machine at "
        + "its other address.", "the addresses: a global one of another kind, and none in 2001::/32");

    public static Finding NoTunnel(IPAddress address, string interfaceName) => Warning(FindingIds.TeredoNoTunnel, interfaceName,
        $"The Teredo address {address} is on {interfaceName}, which is not a tunnel: the address may not belong to Windows' own Teredo.",
        $"{interfaceName} has {address}, and is of another type than a tunnel");

    /// <summary>A group policy sets the server, so a local setting changes nothing.</summary>
    /// <param name="server">The server that the policy sets.</param>
    /// <param name="wanted">The server that was asked for.</param>
    public static Finding ServerByPolicy(string server, string wanted) => Error(FindingIds.TeredoServerByPolicy, TeredoError.TeredoDisabledByPolicy,
        $"A group policy sets the server of Windows' Teredo to {server}, so {wanted} can't be set on this machine.",
        Step("Set \"Set Teredo Server Name\" to that server or to \"Not configured\" (gpedit.msc: Administrative Templates, Network, TCPIP Settings, IPv6 Transition "
            + "Technologies), or ask the administrator of this machine.")) with
    {
        Evidence = [$"the policy of the server: {server}"],
        SetBy = "group policy",
    };

    /// <summary>Windows uses a server that the options do not name.</summary>
    public static Finding OtherServer(string server) => Warning(FindingIds.TeredoOtherServer, server,
        $"Windows' Teredo uses the server {server}, which is not among {nameof(TeredoOptions)}.{nameof(TeredoOptions.Servers)}.",
        $"the settings of Windows' Teredo: server {server}") with
    {
        Fix = Step("Set another server in an elevated prompt (netsh interface teredo set state servername=HOST), or use the provider "
            + $"{nameof(TeredoProvider.Embedded)}."),
    };

    /// <summary>An option of the application that Windows' own setting overrides: the SDK changes no setting of Windows for a single program.</summary>
    /// <param name="option">The option, and what it asks for.</param>
    /// <param name="present">What is set.</param>
    /// <param name="argument">The argument of netsh that sets it.</param>
    public static Finding OptionNotApplied(string option, string present, string argument) => Warning(FindingIds.TeredoOptionNotApplied, option,
        $"Windows' Teredo has its own setting, {present}, which is not what {option} asks for. The setting concerns all programs, so it was left alone.",
        $"the settings of Windows' Teredo: {present}") with
    {
        Fix = Step($"In an elevated prompt, run netsh interface teredo set state {argument}, or use the provider {nameof(TeredoProvider.Embedded)}.",
            $"netsh interface teredo set state {argument}"),
    };

    /// <summary>netsh, which writes what lasts, had no effect, and CIM had: which store that reaches is not told (Set-NetTeredoConfiguration).</summary>
    /// <param name="type">The type that was set.</param>
    /// <param name="server">The server that was set, or null.</param>
    public static Finding MayNotLast(TeredoType type, string? server)
    {
        string problem = $"Windows' Teredo was set to {TeredoCommands.Word(type)} by CIM, because netsh had no effect: "
            + "this may last until the next start of Windows only.";
        string command = TeredoCommands.Text(TeredoCommands.Set(new(10, 0), type, server));
        string step = $"In an elevated prompt, run {command}, which lasts; its output may say what keeps netsh from it.";
        if (type is TeredoType.Relay or TeredoType.Automatic) // which netsh does not take
        {
            command = $"Set-NetTeredoConfiguration -Type {type}{(server is null ? "" : $" -ServerName {server}")} -PolicyStore PersistentStore";
            step = $"In an elevated PowerShell, run {command}, which lasts.";
        }
        return Warning(FindingIds.TeredoMayNotLast, Client, problem, "the settings read back after netsh, which were the former ones, and after CIM") with { Fix = Step(step, command) with { NeedsAdministrator = true } };
    }

    /// <summary>An address that did not come in time.</summary>
    /// <param name="waited">How long the wait lasted.</param>
    /// <param name="status">The system's present status.</param>
    /// <param name="causes">Sentences about possible causes; nulls are ignored.</param>
    public static Finding Overdue(TimeSpan waited, TeredoStatus status, params string?[] causes)
    {
        string more = string.Concat(causes.OfType<string>().Select(cause => $" {cause}"));
        string noAddress = $"Windows' Teredo had no address within {waited.TotalSeconds:0.#} s; it is {Word(status.State)}.{more}";
        return status.State switch
        {
            TeredoClientState.Offline => Offline(status, more),
            TeredoClientState.Inactive => Error(FindingIds.TeredoInactive, TeredoError.TeredoOffline, noAddress,
                Step($"Restart the Teredo service from an elevated prompt (net stop iphlpsvc, then net start iphlpsvc); {ShowState}"), status),
            _ => Error(FindingIds.TeredoOverdue, TeredoError.QualificationTimeout, noAddress,
                Step($"{AllowServer}, or raise {nameof(TeredoOptions.QualificationTimeout)}; {ShowState}"), status),
        };
    }

    /// <summary>An address that was lost: the addresses can't be read, else a switch is off, else the client's status.</summary>
    /// <param name="switches">The switches.</param>
    /// <param name="status">The client's status.</param>
    /// <param name="unreadable">Why the addresses can't be read; null when they can.</param>
    public static Finding Lost(TeredoSwitches switches, TeredoStatus status, Finding? unreadable) =>
        unreadable is not null ? unreadable with { Severity = FindingSeverity.Error, Error = TeredoError.NoAddress }
        : switches.Obstacles is [var first, ..] ? first
        : status.State == TeredoClientState.Offline ? Offline(status)
        : Error(FindingIds.TeredoNoAddress, TeredoError.NoAddress, $"Windows' Teredo is {Word(status.State)}.", Show(), status);

    static Finding Offline(TeredoStatus status, string more = "")
    {
        string error = status.ErrorCode is { } code ? $"{status.Error} ({code})" : status.Error ?? "";
        string problem = $"Windows' Teredo is offline{(error.Length > 0 ? $": {error}" : "")}.{more}";
        var (id, fix) = NextStep(ClientErrors.Of(status));
        return Error(id, TeredoError.TeredoOffline, problem, fix, status);
    }

    static (string Id, Fix Fix) NextStep(ClientError error)
    {
        string enable = TeredoCommands.Text(TeredoCommands.Set(new(6, 0), TeredoType.EnterpriseClient, null));
        return error switch
        {
            ClientError.ManagedNetwork => (FindingIds.TeredoManagedNetwork,
                Step($"This network has a domain controller. In an elevated prompt, run {enable}.", enable)),
            ClientError.ServerSilent => (FindingIds.TeredoServerSilent,
                Step($"{AllowServer}, or set another server: netsh interface teredo set state servername=HOST.")),
            ClientError.ServerNotResolved => (FindingIds.TeredoServerNotResolved,
                Step("Look whether this machine's DNS and its hosts file know the server (nslookup HOST), or set another server, or the server's IPv4 address, in an "
                    + "elevated prompt: netsh interface teredo set state servername=HOST.")),
            ClientError.AdapterFailed => (FindingIds.TeredoAdapterFailed,
                Step("In the Device Manager, show hidden devices, and enable \"Microsoft Teredo Tunneling Adapter\"; where it has an error, uninstall it there. Then "
                    + $"run netsh interface teredo set state disabled and {enable} in an elevated prompt, which makes it anew.")),
            ClientError.SystemFailure => (FindingIds.TeredoSystemFailure,
                Step($"In an elevated prompt, run netsh interface teredo set state disabled, then {enable}; if that does not help, restart Windows.")),
            _ => (FindingIds.TeredoOffline, Show()),
        };
    }

    static string Word(TeredoClientState state) => state switch
    {
        TeredoClientState.Unknown => "in an unknown state",
        TeredoClientState.Inactive => "not active",
        TeredoClientState.Probe => "asking its server",
        TeredoClientState.Qualified => "changing its address",
        _ => state.ToString().ToLowerInvariant(),
    };

    static Fix Show() => new() { Sentence = $"{char.ToUpperInvariant(ShowState[0])}{ShowState[1..]}", Command = ShowCommand };

    static Fix Step(string sentence, string? command = null) => new() { Sentence = sentence, Command = command, NeedsAdministrator = true };

    static Finding Warning(string id, string subject, string problem, string read) =>
        new() { Id = id, Severity = FindingSeverity.Warning, Subject = subject, Problem = problem, Evidence = [read] };

    static Finding Error(string id, TeredoError error, string problem, Fix fix, TeredoStatus? status = null) => new()
    {
        Id = id,
        Severity = FindingSeverity.Error,
        Subject = Client,
        Problem = problem,
        Evidence = status is null ? [] : [$"the state of Windows' Teredo: {status.State}{(status.Error is { } words ? $", {words}" : "")}"],
        Fix = fix,
        Error = error,
    };
}
