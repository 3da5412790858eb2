using TeredoSdk.Windows.Activation;
using TeredoSdk.Windows.Firewall;

namespace TeredoSdk.Windows.Doctor;

/// <summary>
/// Makes a report by asking Windows. It only reads, and needs no administrator. What can't be read is listed with its reason.
/// </summary>
sealed class WindowsReportBuilder(IWindowsSystem windows, WindowsStatus status, IList<string> servers)
{
    static readonly string[] ServiceNames = ["iphlpsvc", "mpssvc", "wscsvc"];

    readonly List<PassedOver> _notKnown = [];

    public WindowsReport Build(FirewallExceptionCheck exception, int holds, IReadOnlyList<string> steps)
    {
        var switches = status.Switches;
        var client = Take("Teredo's state", status.Ask());
        var firewall = windows.Firewall;
        var rules = Take("Firewall rules", firewall.ReadRules());
        var filters = Take("Edge-traversal filters", windows.ReadEdgeTraversalFilters());
        var profiles = Take("Firewall profiles", firewall.ReadStatus());
        var products = Take("Other firewalls", firewall.ReadProducts());
        var health = windows.ReadFirewallHealth();
        var addresses = Take("Addresses", windows.ReadAddresses());
        if (switches.Type is null)
            _notKnown.Add(new() { Way = "Teredo's type", Reason = "Neither CIM nor netsh nor the registry tells the type." });
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
            FirewallGeneration = TakeValue("Firewall interfaces", firewall.Generation),
            Profiles = profiles?.Active,
            Products = products,
            Exception = exception.State,
            ExceptionProblem = exception.Problem,
            EdgeTraversalRules = rules?.Count(FirewallExceptions.LetsTunnelsIn),
            HasDefaultBlockFilter = filters?.Any(filter => filter.Kind == EdgeTraversalFilterKind.DefaultBlock),
            HasPermitFilter = filters?.Any(filter => filter.Kind == EdgeTraversalFilterKind.Permit && IsForProgram(filter)),
            HasDormancyFilter = filters?.Any(filter => filter.Kind == EdgeTraversalFilterKind.Dormancy),
            Holds = holds,
            Steps = steps,
            Warnings =
            [
                .. WindowsWarnings.Find(rules, profiles, health, addresses, products),
                .. WindowsWarnings.OfServer(switches.ServerName, servers),
            ],
            NotKnown = [.. _notKnown],
        };
    }

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
        if (reading.Reason is { } reason)
            _notKnown.Add(new() { Way = what, Reason = reason });
        return reading.ValueOrDefault;
    }

    T? TakeValue<T>(string what, Reading<T> reading) where T : struct
    {
        if (reading.TryGet(out var value))
            return value;
        _notKnown.Add(new() { Way = what, Reason = reading.Reason! });
        return null;
    }

    // A filter names the file by its device path, \device\harddiskvolume3\..., in lower case.
    bool IsForProgram(EdgeTraversalFilter filter) => filter.ProgramPath is null
        || (windows.ProgramPath is { Length: > 2 } path && filter.ProgramPath.EndsWith(path[2..], StringComparison.OrdinalIgnoreCase)
        && filter.ProgramPath[..^(path.Length - 2)].LastIndexOf('\\') <= @"\device".Length);
}
