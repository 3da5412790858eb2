using System.Diagnostics.CodeAnalysis;
using TeredoSdk.Windows.Doctor;
using TeredoSdk.Windows.Native.Netsh;

namespace TeredoSdk.Windows;

/// <summary>
/// The settings that switch Windows' Teredo on or off. They come from the group policy, the registry, the configuration in CIM, netsh where CIM
/// is missing, and the services.
/// </summary>
/// <remarks>Source: ADMX_tcpip, KB929852, MSFT_NetTeredoConfiguration, "Deprecated features for Windows client".</remarks>
public sealed record TeredoSwitches
{
    const string PolicyKey = @"SOFTWARE\Policies\Microsoft\Windows\TCPIP\v6Transition";
    const string Tcpip6Key = @"SYSTEM\CurrentControlSet\Services\Tcpip6\Parameters";
    const string TeredoKey = @"SYSTEM\CurrentControlSet\Services\iphlpsvc\Teredo";

    /// <summary>The values below HKEY_LOCAL_MACHINE that concern Teredo, IPv6 and the look-up of AAAA records.</summary>
    internal static IReadOnlyList<(string Key, string Name)> RegistryValues { get; } =
    [
        (PolicyKey, "Teredo_State"), (PolicyKey, "Teredo_ServerName"), (PolicyKey, "Teredo_ClientPort"), (PolicyKey, "Teredo_RefreshRate"),
        (PolicyKey, "Teredo_DefaultQualified"), (Tcpip6Key, "DisabledComponents"), (TeredoKey, "Type"),
        (@"SYSTEM\CurrentControlSet\Services\Dnscache\Parameters", "AddrConfigControl"),
    ];

    static readonly Version Vista = new(6, 0), OffByDefaultSince = new(10, 0, 17134); // Windows 10 1803

    internal TeredoSwitches()
    {
    }

    /// <summary>The type that Teredo is set to, whoever set it; null when it is not known.</summary>
    public TeredoType? Type { get; private init; }

    /// <summary>Where the type was set; null when the type is not known.</summary>
    public TeredoSettingSource? Source { get; private init; }

    /// <summary>The configured server, by name or address; null when it is not known.</summary>
    public string? ServerName { get; private init; }

    /// <summary>The server that a group policy sets, which no local setting changes; null when there is none.</summary>
    internal string? PolicyServer { get; private init; }

    /// <summary>The machine's own settings, which a policy may override. <see cref="TeredoActivation"/> changes and restores these.</summary>
    public TeredoConfiguration Configuration { get; private init; } = new();

    /// <summary>What each source said of the settings, one line for each that could be read.</summary>
    public IReadOnlyList<string> Sources { get; private init => field = ValueList.Of(value); } = ValueList<string>.Empty;

    /// <summary>The client's status from netsh; null when CIM answered, so that netsh was not asked, or when netsh can't be used.</summary>
    [Experimental("TEREDO001")]
    public TeredoStatus? NetshStatus { get; private init; }

    /// <summary>The switches that keep Teredo off, the most basic first. Empty when Teredo is on, or not known to be off.</summary>
    public IReadOnlyList<Finding> Obstacles { get; private init => field = ValueList.Of(value); } = ValueList<Finding>.Empty;

    /// <summary>Whether Teredo is on; null when the type is not known.</summary>
    public bool? IsOn => Obstacles.Count > 0 ? false : Type is null ? null : true;

    /// <summary>Reads all settings of this machine's Windows. Needs no administrator, and changes nothing.</summary>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="PlatformNotSupportedException">This machine's system is not Windows.</exception>
    /// <exception cref="TeredoException">Windows did not answer within two minutes (<see cref="TeredoError.SetupFailed"/>).</exception>
    public static Task<TeredoSwitches> ReadAsync(CancellationToken cancellationToken = default) =>
        ReadAsync(WindowsTeredo.RequireWindows(), TimeProvider.System, cancellationToken);

    /// <summary>Reads all settings on another thread, as long as <see cref="PatientCall"/> waits.</summary>
    internal static Task<TeredoSwitches> ReadAsync(IWindowsSystem windows, TimeProvider time, CancellationToken cancellationToken) =>
        PatientCall.RunAsync(() => ReadAsync(windows, cancellationToken), time, cancellationToken);

    /// <summary>Reads all settings. Needs no administrator, and changes nothing.</summary>
    /// <param name="windows">The system.</param>
    /// <param name="cancellationToken">Gives up.</param>
    [Experimental("TEREDO001")]
    public static async Task<TeredoSwitches> ReadAsync(IWindowsSystem windows, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(windows);
        var byCim = windows.ReadConfiguration().ValueOrDefault;
        var netsh = byCim is { Type: not null } ? null : await ReadNetshAsync(windows, cancellationToken).ConfigureAwait(false);
        var byNetsh = netsh is null ? null : WithoutPolicy(netsh);
        var inRegistry = ReadNumber(windows, TeredoKey, "Type");
        var configuration = new TeredoConfiguration
        {
            Type = byCim?.Type ?? byNetsh?.Type ?? (Enum.IsDefined((TeredoType)(inRegistry ?? -1)) ? (TeredoType)inRegistry! : null),
            ServerName = byCim?.ServerName ?? byNetsh?.ServerName,
            ClientPort = byCim?.ClientPort ?? byNetsh?.ClientPort,
            RefreshInterval = byCim?.RefreshInterval ?? byNetsh?.RefreshInterval,
            DefaultQualified = byCim?.DefaultQualified ?? byNetsh?.DefaultQualified,
        };
        var policy = ReadPolicy(windows, netsh);
        string? policyServer = ReadPolicyServer(windows) ?? netsh?.SetByPolicy.ServerName;
        var type = policy ?? configuration.Type;
        string[] sources = [.. Said("CIM", byCim), .. Said("netsh", netsh?.Configuration), .. inRegistry is { } number ? [$"registry: Type {number}"] : Array.Empty<string>()];
        return new()
        {
            Type = type,
            Source = policy is not null ? TeredoSettingSource.Policy : type switch
            {
                null => null,
                TeredoType.Default => TeredoSettingSource.Default,
                _ => TeredoSettingSource.Local,
            },
            ServerName = policyServer ?? configuration.ServerName,
            PolicyServer = policyServer,
            Configuration = configuration,
            Sources = sources,
            NetshStatus = netsh,
            Obstacles = [.. FindObstacles(windows, type, policy is not null, sources)],
        };
    }

    /// <summary>The server that the system's Teredo is configured to use, or null.</summary>
    internal static string? ReadServerName(IWindowsSystem windows) =>
        ReadPolicyServer(windows) ?? windows.ReadConfiguration().ValueOrDefault?.ServerName?.TrimEnd('.');

    /// <exception cref="TeredoException">A switch keeps Teredo off. The exception names the most basic one.</exception>
    internal void ThrowIfOff()
    {
        if (Obstacles is [var first, ..])
            throw first.ToException();
    }

    static string[] Said(string source, TeredoConfiguration? configuration) => configuration is null ? []
        : [$"{source}: type {(configuration.Type is { } type ? TeredoCommands.Word(type) : "not told")}, server {configuration.ServerName ?? "not told"}"];

    static async Task<TeredoStatus?> ReadNetshAsync(IWindowsSystem windows, CancellationToken cancellationToken)
    {
        var output = await windows.RunNetshAsync(TeredoCommands.Show(windows.Version), cancellationToken).ConfigureAwait(false);
        return output.TryGet(out var printed) ? NetshTeredoState.Parse(printed.Text) : null;
    }

    static IEnumerable<Finding> FindObstacles(IWindowsSystem windows, TeredoType? type, bool isPolicy, string[] sources)
    {
        if (isPolicy && IsOff(type, windows.Version))
            yield return SwitchFindings.Policy(type!.Value, ReadText(windows, PolicyKey, "Teredo_State") is { } word ? [$@"HKLM\{PolicyKey}\Teredo_State is {word}"] : sources);
        if (FindIPv6Obstacle(windows) is { } off)
            yield return off;
        if (!isPolicy && IsOff(type, windows.Version))
            yield return SwitchFindings.OfType(type!.Value, windows.Version, sources);
        if (windows.Version >= Vista && windows.ReadService("iphlpsvc") is { IsKnown: true, Value: { IsRunning: false } service })
            yield return SwitchFindings.OfService(service);
    }

    // KB929852: 0x01 switches off all tunnels, 0x02 6to4, 0x04 ISATAP, 0x08 Teredo, 0x10 everything but tunnels. So 0x11 is all of IPv6.
    static Finding? FindIPv6Obstacle(IWindowsSystem windows)
    {
        const int Tunnels = 0x01, OtherTunnels = 0x02 | 0x04, Teredo = 0x08, All = 0x11;
        if (windows.Version < Vista && windows.ReadService("tcpip6") is { IsKnown: true, Value.Exists: false })
            return SwitchFindings.IPv6NotInstalled();
        if (ReadNumber(windows, Tcpip6Key, "DisabledComponents") is not { } bits || (bits & (Tunnels | Teredo)) == 0)
            return null;
        bool isAll = (bits & All) == All;
        int keptOff = (bits & Tunnels) != 0 ? OtherTunnels : 0; // the other tunnels stay off, because nobody asked for them
        int better = (bits & ~(isAll ? All | Teredo : Tunnels | Teredo)) | keptOff;
        return SwitchFindings.DisabledComponents(Tcpip6Key, bits, better, isAll);
    }

    static bool IsOff(TeredoType? type, Version version) => type switch
    {
        TeredoType.Disabled or TeredoType.Server or TeredoType.Relay => true,
        TeredoType.Default => version < Vista || version >= OffByDefaultSince,
        _ => false,
    };

    // Exports show both spellings: "Enterprise Client" and "enterpriseclient".
    static TeredoType? ReadPolicy(IWindowsSystem windows, TeredoStatus? netsh) =>
        ReadText(windows, PolicyKey, "Teredo_State") is { } word ? NetshTeredoState.FindType(word.Replace(" ", "", StringComparison.Ordinal))
        : netsh?.SetByPolicy.Type;

    // What netsh prints is in force. The machine's own setting behind a policy is not known.
    static TeredoConfiguration WithoutPolicy(TeredoStatus netsh)
    {
        var (all, policy) = (netsh.Configuration, netsh.SetByPolicy);
        return new()
        {
            Type = policy.Type is null ? all.Type : null,
            ServerName = policy.ServerName is null ? all.ServerName : null,
            ClientPort = policy.ClientPort is null ? all.ClientPort : null,
            RefreshInterval = policy.RefreshInterval is null ? all.RefreshInterval : null,
        };
    }

    static string? ReadPolicyServer(IWindowsSystem windows) => ReadText(windows, PolicyKey, "Teredo_ServerName");

    static string? ReadText(IWindowsSystem windows, string key, string name) =>
        windows.ReadRegistry(key, name).ValueOrDefault is string { Length: > 0 } text ? text : null;

    static int? ReadNumber(IWindowsSystem windows, string key, string name) => windows.ReadRegistry(key, name).ValueOrDefault as int?;
}
