using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;

namespace TeredoSdk.Windows.Firewall;

/// <summary>A port at which this program listens for strangers.</summary>
/// <param name="Protocol">TCP or UDP.</param>
/// <param name="Port">The port; null for one that is not chosen yet.</param>
readonly record struct ListenPort(FirewallProtocol Protocol, int? Port)
{
    /// <summary>In words, for example "TCP port 4242".</summary>
    public override string ToString() => $"{Protocol.ToString().ToUpperInvariant()} port {Port?.ToString(CultureInfo.InvariantCulture) ?? "(any)"}";
}

/// <summary>A process: its identifier, which the system uses again, and its start.</summary>
readonly record struct ProcessMark(int Id, DateTime Started)
{
    // Systems tell the start in ticks of different lengths, and the text has whole seconds.
    static readonly TimeSpan Tolerance = TimeSpan.FromSeconds(2);

    public static ProcessMark Own { get; } = OfThisProcess();

    /// <summary>Whether the process still runs. A process whose start is not told counts as running: not known is not no.</summary>
    public bool Runs
    {
        get
        {
            try
            {
                using var process = Process.GetProcessById(Id);
                return (process.StartTime.ToUniversalTime() - Started).Duration() <= Tolerance;
            }
            catch (ArgumentException)
            {
                return false; // there is no such process
            }
            catch (Exception e) when (e is Win32Exception or InvalidOperationException or NotSupportedException)
            {
                return true;
            }
        }
    }

    static ProcessMark OfThisProcess()
    {
        using var process = Process.GetCurrentProcess();
        return new(process.Id, process.StartTime.ToUniversalTime());
    }
}

/// <summary>
/// The rules that last as long as a listener. The record of such a rule is the rule itself: its description names the process, so that no crash can
/// part the two, and only administrators can write it.
/// </summary>
static class ListenRules
{
    /// <summary>
    /// The local addresses of such a rule: those of Teredo (RFC 4380 §2.6). Peers have any address, because native ones come through relays.
    /// </summary>
    public const string TeredoPrefix = "2001::/32";

    const string BeforeId = " while the process ", BeforeStart = ", started ", End = ", listens.";
    const string TimeFormat = "yyyy-MM-dd'T'HH:mm:ss'Z'";

    /// <summary>
    /// Makes the rule from the program's ordinary one. The digest of the path in the name keeps programs of one name apart.
    /// </summary>
    public static FirewallRule Of(FirewallRule ordinary, string title, ListenPort port) => ordinary with
    {
        Name = $"{title} (Teredo, {port.Protocol.ToString().ToUpperInvariant()} {port.Port}, {ApplicationRules.Digest(ordinary.ProgramPath!)})",
        Description = $"Lets peers reach {title} through Teredo" + string.Create(CultureInfo.InvariantCulture,
            $"{BeforeId}{ProcessMark.Own.Id}{BeforeStart}{ProcessMark.Own.Started:yyyy-MM-dd'T'HH:mm:ss'Z'}{End}"),
        LocalAddresses = TeredoPrefix,
    };

    /// <summary>The process that a rule of the SDK lasts with; null for a rule that stays.</summary>
    public static ProcessMark? OwnerOf(FirewallRule rule)
    {
        if (!ExceptionRules.IsOwn(rule, null) || rule.Description is not { } text || !text.EndsWith(End, StringComparison.Ordinal))
            return null;
        int id = text.LastIndexOf(BeforeId, StringComparison.Ordinal), start = text.LastIndexOf(BeforeStart, StringComparison.Ordinal);
        return id >= 0 && start > id
            && int.TryParse(text.AsSpan((id + BeforeId.Length)..start), NumberStyles.None, CultureInfo.InvariantCulture, out int number)
            && DateTime.TryParseExact(text.AsSpan((start + BeforeStart.Length)..^End.Length), TimeFormat, CultureInfo.InvariantCulture,
                DateTimeStyles.AdjustToUniversal | DateTimeStyles.AssumeUniversal, out var started) ? new(number, started) : null;
    }

    /// <summary>Finds the rules that a crashed run of a program left.</summary>
    public static IEnumerable<FirewallRule> Stale(IWindowsSystem windows, IReadOnlyList<FirewallRule> rules, string program) => rules.Where(rule =>
        rule.ProgramPath is { } path && OwnerOf(rule) is { } owner && ApplicationRules.AreSame(windows, path, program) && !owner.Runs);
}
