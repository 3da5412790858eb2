using TeredoSdk.Windows.Native.Netsh;


namespace TeredoSdk.Windows.Doctor;

/// <summary>Messages for a Windows Teredo that has no address.</summary>
static class WindowsProblems
{
    /// <summary>Source: "Teredo Components". Teredo then acts as a host-specific relay; no page says whether it shows its address.</summary>
    public const string BesideNativeIPv6 = "This machine has other IPv6. Windows' Teredo then reaches only Teredo peers and may have no "
        + "address of its own; strangers reach this machine at its other address.";

    const string ShowState = "the command netsh interface teredo show state tells more.";

    /// <summary>The exception for an address that did not come in time.</summary>
    /// <param name="waited">How long the wait lasted.</param>
    /// <param name="status">The system's present status.</param>
    /// <param name="causes">Sentences about possible causes; nulls are ignored.</param>
    public static TeredoException Overdue(TimeSpan waited, TeredoStatus status, params string?[] causes)
    {
        string more = string.Concat(causes.OfType<string>().Select(cause => $" {cause}"));
        string noAddress = $"Windows' Teredo had no address within {waited.TotalSeconds:0.#} s; it is {Word(status.State)}.{more}";
        return status.State switch
        {
            TeredoClientState.Offline => new(TeredoError.TeredoOffline, Offline(status) + more),
            TeredoClientState.Inactive => new(TeredoError.TeredoOffline, $"{noAddress} Restart the Teredo service from an elevated prompt "
                + $"(net stop iphlpsvc, then net start iphlpsvc); {ShowState}"),
            _ => new(TeredoError.QualificationTimeout, $"{noAddress} Allow UDP to port 3544 of the Teredo server, or raise "
                + $"{nameof(TeredoOptions.QualificationTimeout)}; {ShowState}"),
        };
    }

    /// <summary>The error after the loss of an address: the addresses can't be read, else a switch is off, else the client's status.</summary>
    public static (TeredoError Error, string Sentence) Lost(TeredoSwitches switches, TeredoStatus status, string? unreadable) =>
        unreadable is not null ? (TeredoError.NoAddress, unreadable)
        : switches.Obstacles is [var first, ..] ? (first.Error, first.Problem)
        : status.State == TeredoClientState.Offline ? (TeredoError.TeredoOffline, Offline(status))
        : (TeredoError.NoAddress, $"Windows' Teredo is {Word(status.State)}; {ShowState}");

    // The system's error text is in the system's language. The next step is known only for English text.
    static string Offline(TeredoStatus status)
    {
        string error = status.Error ?? "";
        string step = error.Contains("managed network", StringComparison.OrdinalIgnoreCase)
            ? "This network has a domain controller. In an elevated prompt, run "
                + $"{TeredoCommands.Text(TeredoCommands.Set(new(6, 0), TeredoType.EnterpriseClient, null))}."
            : error.Contains("server", StringComparison.OrdinalIgnoreCase) && error.Contains("unreachable", StringComparison.OrdinalIgnoreCase)
                ? "Allow UDP to port 3544 of the Teredo server, or set another server: netsh interface teredo set state servername=HOST."
                : $"{char.ToUpperInvariant(ShowState[0])}{ShowState[1..]}";
        return $"Windows' Teredo is offline{(error.Length > 0 ? $": {error}" : "")}. {step}";
    }

    static string Word(TeredoClientState state) => state switch
    {
        TeredoClientState.Unknown => "in an unknown state",
        TeredoClientState.Inactive => "not active",
        TeredoClientState.Probe => "asking its server",
        TeredoClientState.Qualified => "changing its address",
        _ => state.ToString().ToLowerInvariant(),
    };
}
