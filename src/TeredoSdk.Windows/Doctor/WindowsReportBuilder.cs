using TeredoSdk.Windows.Activation;
using TeredoSdk.Windows.Firewall;

namespace TeredoSdk.Windows.Doctor;

/// <summary>
/// Makes a report by asking Windows. It only reads, and needs no administrator. What can't be read is listed with its reason.
/// </summary>
/// <param name="windows">The system.</param>
/// <param name="status">What was read of the client before.</param>
/// <param name="options">What the application asks for; null without an application.</param>
/// <param name="programPath">The program that it is about; null for that of this process.</param>
sealed class WindowsReportBuilder(IWindowsSystem windows, WindowsStatus status, TeredoOptions? options, string? programPath = null)
{
    static readonly string[] ServiceNames = ["iphlpsvc", "mpssvc", "wscsvc"];

    readonly List<Finding> _notKnown = [];

    public WindowsReport Build(FirewallView view, IReadOnlyList<FirewallExceptionCheck> exceptions, int holds, IReadOnlyList<string> steps)
    {
        var switches = status.Switches;
        var client = Take("Teredo's state", status.Ask());
        var firewall = windows.Firewall;
        var rules = Take("Firewall rules", view.Rules);
        var filters = Take("Edge-traversal filters", windows.ReadEdgeTraversalFilters());
        var profiles = Take("Firewall profiles", view.Status);
        var products = Take("Other firewalls", firewall.ReadProducts());
        var health = windows.ReadFirewallHealth();
        var addresses = Take("Addresses", windows.ReadAddresses());
        if (switches.Type is null)
            Note("Teredo's type", Reading.Unknown<TeredoType>("Neither CIM nor netsh nor the registry tells the type.").Finding!);
        return new()
        {
            Version = windows.Version,
            IsElevated = windows.IsElevated,
            Type = switches.Type,
            TypeSource = switches.Source,
            ServerName = switches.ServerName,
            State = client?.State,
            StateError = client?.Error,
            Nat = client?.Nat,
            TeredoPort = TakeValue("Teredo's UDP port", windows.ReadTeredoPort()),
            InterfaceName = WindowsAddresses.FindTeredo(addresses ?? [])?.InterfaceName,
            Services = ReadServices(),
            FirewallHealth = TakeValue("Windows Security", health),
            Profiles = profiles?.Active,
            Products = products,
            LetsStrangersIn = exceptions.Any(check => check.LetsIn == false) ? false : exceptions.Any(check => check.LetsIn is null) ? null : true,
            EdgeTraversalRules = rules?.Count(rule => ExceptionRules.LetsIn(rule) && rule.EdgeTraversal != EdgeTraversal.Deny),
            HasDefaultBlockFilter = filters?.Any(filter => filter.Kind == EdgeTraversalFilterKind.DefaultBlock),
            HasPermitFilter = filters?.Any(filter => filter.Kind == EdgeTraversalFilterKind.Permit && IsForProgram(filter)),
            HasDormancyFilter = filters?.Any(filter => filter.Kind == EdgeTraversalFilterKind.Dormancy),
            Holds = holds,
            Steps = steps,
            Findings =
            [
                .. switches.Obstacles
                    .Concat(WindowsWarnings.Find(rules, profiles, health, addresses, products))
                    .Concat(options is null ? [] : WindowsWarnings.OfOptions(switches, options))
                    .Concat(IsShutByFilters(exceptions, filters) ? [FirewallFindings.NoPermitFilter()] : [])
                    .Concat(exceptions.Select(check => check.Finding).OfType<Finding>().Select(lacking => lacking with { Severity = FindingSeverity.Note }))
                    .DistinctBy(finding => (finding.Id, finding.Subject)),
            ],
            NotKnown = [.. _notKnown],
        };
    }

    bool IsShutByFilters(IReadOnlyList<FirewallExceptionCheck> exceptions, IReadOnlyList<EdgeTraversalFilter>? filters) =>
        exceptions.Count > 0 && exceptions.All(check => check.LetsIn == true) && filters?.Any(filter => filter.Kind == EdgeTraversalFilterKind.DefaultBlock) == true
        && !filters.Any(filter => filter.Kind == EdgeTraversalFilterKind.Permit && IsForProgram(filter));

    Dictionary<string, bool> ReadServices()
    {
        Dictionary<string, bool> services = [];
        foreach (string name in ServiceNames)
            if (TakeValue($"Service {name}", windows.ReadService(name)) is { } service)
                services[name] = service.IsRunning;
        return services;
    }

    T? Take<T>(string what, Reading<T> reading) where T : class
    {
        if (reading.Finding is { } finding)
            Note(what, finding);
        return reading.ValueOrDefault;
    }

    T? TakeValue<T>(string what, Reading<T> reading) where T : struct
    {
        if (reading.TryGet(out var value))
            return value;
        Note(what, reading.Finding!);
        return null;
    }

    void Note(string what, Finding notRead) => _notKnown.Add(notRead with { Subject = what });

    // A filter names the file by its device path, \device\harddiskvolume3\..., in lower case.
    bool IsForProgram(EdgeTraversalFilter filter) => filter.ProgramPath is null
        || ((programPath ?? windows.ProgramPath) is { Length: > 2 } path && filter.ProgramPath.EndsWith(path[2..], StringComparison.OrdinalIgnoreCase)
        && filter.ProgramPath[..^(path.Length - 2)].LastIndexOf('\\') <= @"\device".Length);
}
