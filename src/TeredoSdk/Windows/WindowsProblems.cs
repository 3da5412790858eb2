
namespace TeredoSdk.Windows;

/// <summary>The sentences about Windows' Teredo that has no address.</summary>
static class WindowsProblems
{
    /// <summary>"Teredo Components": a host-specific relay then; whether it shows its address is in no page.</summary>
    public const string BesideNativeIPv6 = "This machine has other IPv6, beside which Windows' Teredo only reaches Teredo peers and may have no "
        + "address of its own: strangers reach it by its other address.";

    const string ShowState = "netsh interface teredo show state tells more.";

    /// <summary>There was no address in time.</summary>
    /// <param name="waited">How long was waited.</param>
    /// <param name="status">What the system says now.</param>
    /// <param name="causes">Sentences about what may be the cause; null ones do not count.</param>
    public static TeredoException Overdue(TimeSpan waited, TeredoStatus status, params string?[] causes)
    {
        string more = string.Concat(causes.OfType<string>().Select(cause => $" {cause}"));
        string noAddress = $"Windows' Teredo had no address within {waited.TotalSeconds:0.#} s; it is {Word(status.State)}.{more}";
        return status.State switch
        {
            TeredoClientState.Offline => new(TeredoError.TeredoOffline, Offline(status) + more),
            TeredoClientState.Inactive => new(TeredoError.TeredoOffline, $"{noAddress} Restart its service from an elevated prompt "
                + $"(net stop iphlpsvc, net start iphlpsvc); {ShowState}"),
            _ => new(TeredoError.QualificationTimeout, $"{noAddress} Allow UDP to port 3544 of its server, or raise "
                + $"{nameof(TeredoOptions.QualificationTimeout)}; {ShowState}"),
        };
    }

    /// <summary>There is no address although one was there: it can't be seen, a switch, else what the system says.</summary>
    public static (TeredoError Error, string Sentence) Lost(TeredoSwitches switches, TeredoStatus status, string? unreadable) =>
        unreadable is not null ? (TeredoError.NoAddress, unreadable)
        : switches.Obstacles is [var first, ..] ? (first.Error, first.Problem)
        : status.State == TeredoClientState.Offline ? (TeredoError.TeredoOffline, Offline(status))
        : (TeredoError.NoAddress, $"Windows' Teredo is {Word(status.State)}; {ShowState}");

    // The system's words are in its language: where they are English the step is known.
    static string Offline(TeredoStatus status)
    {
        string error = status.Error ?? "";
        string step = error.Contains("managed network", StringComparison.OrdinalIgnoreCase)
            ? "This network has a domain controller. In an elevated prompt: "
                + $"{TeredoCommands.Text(TeredoCommands.Set(new(6, 0), TeredoType.EnterpriseClient, null))}."
            : error.Contains("server", StringComparison.OrdinalIgnoreCase) && error.Contains("unreachable", StringComparison.OrdinalIgnoreCase)
                ? "Allow UDP to port 3544 of its server, or set another one: netsh interface teredo set state servername=HOST."
                : $"{char.ToUpperInvariant(ShowState[0])}{ShowState[1..]}";
        return $"Windows' Teredo is offline{(error.Length > 0 ? $": {error}" : "")}. {step}";
    }

    static string Word(TeredoClientState state) => state switch
    {
        TeredoClientState.Unknown => "in a state that is not known",
        TeredoClientState.Inactive => "not active",
        TeredoClientState.Probe => "asking its server",
        TeredoClientState.Qualified => "changing its address",
        _ => state.ToString().ToLowerInvariant(),
    };
}
