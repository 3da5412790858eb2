using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Net;
using TeredoSdk.Windows;

namespace TeredoSdk.Testing;

/// <summary>
/// A Windows in memory that behaves like Windows as far as Teredo is concerned, for <see cref="TeredoOptions.Windows"/> in a test. At first it is a
/// Windows 10 with an administrator, running services and a firewall that is on; nobody has switched Teredo on.
/// </summary>
/// <remarks>
/// This is a fake. It shows what code does with the documented answers of Windows, and not how a real Windows answers. Its sockets are ordinary
/// sockets of the machine that the test runs on. Safe for any number of threads.
/// </remarks>
[Experimental("TEREDO001")]
public sealed partial class FakeWindows : IWindowsSystem
{
    const string DefaultProgram = @"C:\Program Files\App\App.exe";

    readonly Lock _gate = new();
    readonly List<string> _actions = [];
    readonly List<FakeWindowsSocket> _sockets = [];
    IReadOnlyList<WindowsAddress> _addresses = [];
    int _wakeCalls;

    /// <summary>Makes a Windows of the given version.</summary>
    /// <param name="version">For example 5.1 (XP), 6.0 (Vista), 6.1 (7) or 6.2 (8); null for 10.0.19045.</param>
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

    /// <summary>The program that uses this Windows; at first an existing file.</summary>
    public string? ProgramPath { get; set; } = DefaultProgram;

    /// <summary>Whether IPv6 (the driver <c>tcpip6</c>) is installed; at first only from Windows Vista on.</summary>
    public bool IPv6Installed { get; set; }

    /// <summary>The firewall.</summary>
    public FakeFirewall Firewall { get; }

    /// <summary>The Teredo client of the system.</summary>
    public FakeTeredo Teredo { get; }

    /// <summary>The program netsh.</summary>
    public FakeNetsh Netsh { get; }

    /// <summary>
    /// The calls that this system lacks. The key is the name of a method of <see cref="IWindowsSystem"/>, for example <c>WakeAsync</c>, or of
    /// <see cref="IWindowsFirewall"/>, for example <c>Firewall.ReadRules</c>. The value is the reason that a reading then gives; a call that writes
    /// throws.
    /// </summary>
    public IDictionary<string, string> Missing { get; } = new ConcurrentDictionary<string, string>(StringComparer.Ordinal);

    /// <summary>The services by their short names; at first those that Teredo needs, running. Other services do not exist.</summary>
    public IDictionary<string, WindowsService> Services { get; } = new ConcurrentDictionary<string, WindowsService>(StringComparer.OrdinalIgnoreCase)
    {
        ["iphlpsvc"] = new() { Exists = true, IsRunning = true, IsDisabled = false },
        ["mpssvc"] = new() { Exists = true, IsRunning = true, IsDisabled = false },
        ["wscsvc"] = new() { Exists = true, IsRunning = true, IsDisabled = false },
    };

    /// <summary>The values below HKEY_LOCAL_MACHINE, by <c>key\name</c>. Each is an <see cref="int"/> or a <see cref="string"/>.</summary>
    public IDictionary<string, object> Registry { get; } = new ConcurrentDictionary<string, object>(StringComparer.OrdinalIgnoreCase);

    /// <summary>The AAAA records by name. Other names have none.</summary>
    public IDictionary<string, IPAddress[]> Dns { get; } = new ConcurrentDictionary<string, IPAddress[]>(StringComparer.OrdinalIgnoreCase);

    /// <summary>The files that exist, by their full paths, besides those of the machine that the test runs on. The values do not matter.</summary>
    public IDictionary<string, bool> Files { get; } = new ConcurrentDictionary<string, bool>(StringComparer.OrdinalIgnoreCase)
    {
        [DefaultProgram] = true,
    };

    /// <summary>The state of the firewall according to Windows Security.</summary>
    public FirewallHealth FirewallHealth { get; set; } = FirewallHealth.Good;

    /// <summary>The filters of the edge-traversal sublayer.</summary>
    public IReadOnlyList<EdgeTraversalFilter> EdgeTraversalFilters { get; set; } = [];

    /// <summary>The machine's addresses besides that of the Teredo client. Setting them raises <see cref="Changed"/>.</summary>
    public IReadOnlyList<WindowsAddress> Addresses
    {
        get => _addresses;
        set
        {
            _addresses = value;
            RaiseChanged();
        }
    }

    /// <summary>The argument lists of all runs of netsh, in order.</summary>
    public IReadOnlyList<IReadOnlyList<string>> NetshCalls => Netsh.Calls;

    /// <summary>How often the Teredo client was woken.</summary>
    public int WakeCalls => Volatile.Read(ref _wakeCalls);

    /// <summary>
    /// All changes that were made to this system, in order, for example <c>StartService iphlpsvc</c>, <c>WriteConfiguration</c>,
    /// <c>netsh interface teredo ...</c>, <c>AddRule NAME</c> or <c>CreateSocket Stream Unrestricted</c>. Refused calls are not in the list.
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

    // Why the system lacks a call, or null when it has the call.
    internal string? Absent(string call, int major = 5, int minor = 1) => Missing.TryGetValue(call, out string? reason) ? reason
        : IsBefore(major, minor) ? $"Windows {Version} does not have {call}." : null;
}
