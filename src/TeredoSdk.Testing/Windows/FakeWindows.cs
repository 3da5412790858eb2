using System.Collections.Concurrent;
using System.Net;
using TeredoSdk.Windows;

namespace TeredoSdk.Testing;

/// <summary>
/// A Windows in memory that behaves as far as Teredo is concerned: for <see cref="TeredoOptions.Windows"/> of a test. It starts as a Windows 10
/// whose Teredo nobody switched on, with an administrator, the services running and the firewall on.
/// </summary>
/// <remarks>
/// A fake: it shows what code does with the answers that are documented for Windows, not how a real Windows answers. Sockets are ordinary ones of the
/// machine that the test runs on. Safe for any number of threads.
/// </remarks>
public sealed partial class FakeWindows : IWindowsSystem
{
    const string DefaultProgram = @"C:\Program Files\App\App.exe";

    readonly Lock _gate = new();
    readonly List<string> _actions = [];
    readonly List<FakeWindowsSocket> _sockets = [];
    IReadOnlyList<WindowsAddress> _addresses = [];
    int _wakeCalls;

    /// <summary>Makes a Windows of a version.</summary>
    /// <param name="version">Such as 5.1 (XP), 6.0 (Vista), 6.1 (7) or 6.2 (8); null for 10.0.19045.</param>
    public FakeWindows(Version? version = null)
    {
        Version = version ?? new(10, 0, 19045);
        IPv6Installed = Version.Major >= 6;
        Firewall = new(this);
        Teredo = new(this);
        Netsh = new(this);
    }

    /// <inheritdoc/>
    public Version Version { get; }

    /// <inheritdoc/>
    public bool IsElevated { get; set; } = true;

    /// <summary>The program that asks: an existing file at first.</summary>
    public string? ProgramPath { get; set; } = DefaultProgram;

    /// <summary>Whether IPv6 is installed (the driver <c>tcpip6</c>); before Windows Vista it is not, at first.</summary>
    public bool IPv6Installed { get; set; }

    /// <summary>The firewall.</summary>
    public FakeFirewall Firewall { get; }

    /// <summary>The Teredo client of the system.</summary>
    public FakeTeredo Teredo { get; }

    /// <summary>The program netsh.</summary>
    public FakeNetsh Netsh { get; }

    /// <summary>
    /// The calls that this system does not have: the name of a method of <see cref="IWindowsSystem"/> such as <c>WakeAsync</c>, or of
    /// <see cref="IWindowsFirewall"/> such as <c>Firewall.ReadRules</c>, and the reason that a reading then gives. What writes throws.
    /// </summary>
    public IDictionary<string, string> Missing { get; } = new ConcurrentDictionary<string, string>(StringComparer.Ordinal);

    /// <summary>The services by their short names; at first those that Teredo needs, running. One that is not here does not exist.</summary>
    public IDictionary<string, WindowsService> Services { get; } = new ConcurrentDictionary<string, WindowsService>(StringComparer.OrdinalIgnoreCase)
    {
        ["iphlpsvc"] = new() { Exists = true, IsRunning = true, IsDisabled = false },
        ["mpssvc"] = new() { Exists = true, IsRunning = true, IsDisabled = false },
        ["wscsvc"] = new() { Exists = true, IsRunning = true, IsDisabled = false },
    };

    /// <summary>The values below HKEY_LOCAL_MACHINE, by <c>key\name</c>: each an <see cref="int"/> or a <see cref="string"/>.</summary>
    public IDictionary<string, object> Registry { get; } = new ConcurrentDictionary<string, object>(StringComparer.OrdinalIgnoreCase);

    /// <summary>The AAAA records of names; a name that is not here has none.</summary>
    public IDictionary<string, IPAddress[]> Dns { get; } = new ConcurrentDictionary<string, IPAddress[]>(StringComparer.OrdinalIgnoreCase);

    /// <summary>The files that exist, by their full paths, beside those of the machine that the test runs on; the values do not matter.</summary>
    public IDictionary<string, bool> Files { get; } = new ConcurrentDictionary<string, bool>(StringComparer.OrdinalIgnoreCase)
    {
        [DefaultProgram] = true,
    };

    /// <summary>What Windows Security says of the firewall.</summary>
    public FirewallHealth FirewallHealth { get; set; } = FirewallHealth.Good;

    /// <summary>The filters of the edge-traversal sublayer.</summary>
    public IReadOnlyList<EdgeTraversalFilter> EdgeTraversalFilters { get; set; } = [];

    /// <summary>The addresses that the machine has beside the Teredo client's. Setting them raises <see cref="Changed"/>.</summary>
    public IReadOnlyList<WindowsAddress> Addresses
    {
        get => _addresses;
        set
        {
            _addresses = value;
            RaiseChanged();
        }
    }

    /// <summary>The argument lists that netsh was run with, in order.</summary>
    public IReadOnlyList<IReadOnlyList<string>> NetshCalls => Netsh.Calls;

    /// <summary>How often the Teredo client was woken.</summary>
    public int WakeCalls => Volatile.Read(ref _wakeCalls);

    /// <summary>
    /// All that was done to this system, in order, such as <c>StartService iphlpsvc</c>, <c>WriteConfiguration</c>, 
    /// <c>netsh interface teredo ...</c>, <c>AddRule NAME</c> or <c>CreateSocket Stream Unrestricted</c>. Refused calls are not here.
    /// </summary>
    public IReadOnlyList<string> Actions
    {
        get
        {
            lock (_gate)
                return [.. _actions];
        }
    }

    /// <summary>The sockets that were created, in order.</summary>
    public IReadOnlyList<FakeWindowsSocket> Sockets
    {
        get
        {
            lock (_gate)
                return [.. _sockets];
        }
    }

    /// <inheritdoc/>
    public event Action? Changed;

    IWindowsFirewall IWindowsSystem.Firewall => Firewall;

    /// <summary>Raises <see cref="Changed"/>, as the system does when addresses or the Teredo port may have changed.</summary>
    public void RaiseChanged() => Changed?.Invoke();

    internal bool IsBefore(int major, int minor) => Version < new Version(major, minor);

    internal bool Runs(string service) => Services.TryGetValue(service, out var found) && found.IsRunning;

    internal object? RegistryValue(string key, string name) => Registry.TryGetValue($@"{key}\{name}", out object? value) ? value : null;

    internal void Note(string action)
    {
        lock (_gate)
            _actions.Add(action);
    }

    /// <exception cref="TeredoException">This process is not elevated.</exception>
    internal void RequireElevation(string what)
    {
        if (!IsElevated)
            throw new TeredoException(TeredoError.AccessDenied, $"{what} needs an administrator. Run the program elevated.");
    }

    // Why a call is not there, or null when it is.
    internal string? Absent(string call, int major = 5, int minor = 1) => Missing.TryGetValue(call, out string? reason) ? reason
        : IsBefore(major, minor) ? $"Windows {Version} does not have {call}." : null;
}
