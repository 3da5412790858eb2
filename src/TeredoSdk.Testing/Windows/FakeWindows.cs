using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Net;
using TeredoSdk.Windows;
using TeredoSdk.Windows.Doctor;

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
    readonly Dictionary<int, Exception> _faults = [];
    IReadOnlyList<WindowsAddress> _addresses = [];
    int _wakeCalls, _callCount;

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

    /// <summary>
    /// Makes a Windows that answers as a real machine did when <c>teredo doctor --report</c> ran there: one report becomes one test. What the machine did not
    /// tell, it does not tell either, with the same reason; after a wake, its Teredo client does what the real one did.
    /// </summary>
    /// <param name="path">The file of the report.</param>
    /// <exception cref="InvalidDataException">The file is no such report, of another version, too large, or was changed after it was written.</exception>
    /// <exception cref="IOException">The file can't be read.</exception>
    public static FakeWindows FromReport(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return ReportedWindows.Of(MachineFactsFile.Read(path));
    }

    /// <inheritdoc/>
    public Version Version { get; }

    /// <inheritdoc/>
    public bool IsElevated { get; set; } = true;

    /// <summary>The program that uses this Windows; at first an existing file.</summary>
    public string? ProgramPath { get; set; } = DefaultProgram;

    /// <summary>The clock of this Windows, by which its Teredo client falls asleep; at first the system's clock. Set it before anything else.</summary>
    public TimeProvider TimeProvider { get; set; } = TimeProvider.System;

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
        ["iphlpsvc"] = new() { Exists = true, IsRunning = true, StartType = ServiceStartType.Automatic },
        ["mpssvc"] = new() { Exists = true, IsRunning = true, StartType = ServiceStartType.Automatic },
        ["wscsvc"] = new() { Exists = true, IsRunning = true, StartType = ServiceStartType.Automatic },
    };

    /// <summary>
    /// Whether changes through CIM reach the active store only, so that a start of the system takes them back. Set-NetTeredoConfiguration lets one
    /// choose; what a plain change of the instance does is in no page.
    /// </summary>
    public bool CimWritesActiveStoreOnly { get; set; } = true;

    /// <summary>
    /// The values below HKEY_LOCAL_MACHINE, by <c>key\name</c>. Each is an <see cref="int"/> or a <see cref="string"/>. At first there is the identifier of
    /// the machine (<c>MachineGuid</c>), which another one has to differ in.
    /// </summary>
    public IDictionary<string, object> Registry { get; } = new ConcurrentDictionary<string, object>(StringComparer.OrdinalIgnoreCase)
    {
        [@"SOFTWARE\Microsoft\Cryptography\MachineGuid"] = "5b1d1d2e-0f6a-4f0c-9d3c-4a7c0e2f9b11",
    };

    /// <summary>The AAAA records by name. Other names have none.</summary>
    public IDictionary<string, IPAddress[]> Dns { get; } = new ConcurrentDictionary<string, IPAddress[]>(StringComparer.OrdinalIgnoreCase);

    /// <summary>The files that exist, by their full paths, besides those of the machine that the test runs on. The values do not matter.</summary>
    public IDictionary<string, bool> Files { get; } = new ConcurrentDictionary<string, bool>(StringComparer.OrdinalIgnoreCase)
    {
        [DefaultProgram] = true,
    };

    /// <summary>Junctions, links and short names (8.3): the full path of a file or folder, and the path that it leads to. At first none.</summary>
    public IDictionary<string, string> Links { get; } = new ConcurrentDictionary<string, string>(StringComparer.OrdinalIgnoreCase);

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

    /// <summary>The UDP sockets and TCP listeners besides that of the Teredo client.</summary>
    public IReadOnlyList<WindowsListener> Listeners { get; set; } = [];

    /// <summary>The network adapters; at first one Ethernet adapter.</summary>
    public IReadOnlyList<WindowsAdapter> Adapters { get; set; } = [new() { Name = "Ethernet", Description = "Intel(R) Ethernet Connection", IsUp = true }];

    /// <summary>The argument lists of all runs of netsh, in order.</summary>
    public IReadOnlyList<IReadOnlyList<string>> NetshCalls => Netsh.Calls;

    /// <summary>
    /// How many calls were made so far, readings and changes together. A change of a stored rule counts a call for each property, because Windows
    /// commits each at once.
    /// </summary>
    public int CallCount
    {
        get
        {
            lock (_gate)
                return _callCount;
        }
    }

    /// <summary>Runs at the start of each call, with its name as in <see cref="Missing"/>. It may wait, so that the call takes its time.</summary>
    public Action<string>? OnCall { get; set; }

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

    string? IWindowsSystem.ProgramPath => ProgramPath is { } path ? FinalPathOf(path) : null;

    /// <summary>Raises <see cref="Changed"/>, as the system does when addresses or the Teredo port may have changed.</summary>
    public void RaiseChanged() => Changed?.Invoke();

    /// <summary>Starts the system anew: services by their start types, and the Teredo client with the settings of the persistent store.</summary>
    public void Restart()
    {
        foreach (var (name, service) in Services)
            Services[name] = service with { IsRunning = service.Exists && service.StartType == ServiceStartType.Automatic };
        Teredo.Restart();
    }

    /// <summary>
    /// Makes one call fail, so that a test sees what a program undoes. A reading then has the exception's message as its reason; a change is not made
    /// and throws the exception.
    /// </summary>
    /// <param name="call">Which call: 1 is the next one.</param>
    /// <param name="error">The error that the call fails with, for example <see cref="TeredoError.AccessDenied"/>.</param>
    public void FailAt(int call, TeredoError error) =>
        Plan(call, new TeredoException(error, $"The fake Windows was told to fail here ({error})."));

    /// <summary>
    /// Makes one call throw a <see cref="SimulatedCrashException"/>, readings as well: the program ends there and undoes nothing. What the test does
    /// afterwards with new objects is the program's next run.
    /// </summary>
    /// <param name="call">Which call: 1 is the next one.</param>
    public void CrashAt(int call) => Plan(call, new SimulatedCrashException());

    /// <summary>Takes back what <see cref="FailAt"/> and <see cref="CrashAt"/> planned.</summary>
    public void ClearFaults()
    {
        lock (_gate)
            _faults.Clear();
    }

    internal bool IsBefore(int major, int minor) => Version < new Version(major, minor);

    internal bool Runs(string service) => Services.TryGetValue(service, out var found) && found.IsRunning;

    internal object? RegistryValue(string key, string name) => Registry.TryGetValue($@"{key}\{name}", out object? value) ? value : null;

    // Begins a call; throws what was planned for it. After a crash the program is dead: nothing that it still calls has an effect.
    internal void Begin(string call)
    {
        OnCall?.Invoke(call);
        lock (_gate)
            if (_faults.Remove(++_callCount, out var fault))
            {
                if (fault is SimulatedCrashException)
                    _faults.Add(_callCount + 1, fault);
                throw fault;
            }
    }

    internal bool HasEligibleListener()
    {
        lock (_gate)
            return _sockets.Any(socket => socket.Level == System.Net.Sockets.IPProtectionLevel.Unrestricted && !socket.Socket.SafeHandle.IsClosed);
    }

    void Plan(int call, Exception fault)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(call, 1);
        lock (_gate)
            _faults[_callCount + call] = fault;
    }

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
