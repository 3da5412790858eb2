using System.Globalization;
using System.Runtime.Versioning;
using TeredoSdk.Windows.Native.Com;
using TeredoSdk.Windows.Native.Netsh;

namespace TeredoSdk.Windows.Native.Cim;

/// <summary>
/// Windows' Teredo through its CIM classes <c>MSFT_NetTeredoConfiguration</c> and <c>MSFT_NetTeredoState</c> (Windows 8 and later).
/// </summary>
[SupportedOSPlatform("windows")]
static class CimTeredo
{
    const string ConfigurationClass = "MSFT_NetTeredoConfiguration", StateClass = "MSFT_NetTeredoState";
    const string NoInstance = "CIM has no instance of " + ConfigurationClass;

    // The documentation misspells the property's name. The second name is that of the cmdlet's parameter.
    const string RefreshInterval = "RefreshInterval", RefreshIntervalSeconds = "RefreshIntervalSeconds";

    public static Reading<TeredoConfiguration> ReadConfiguration()
    {
        const string Meaning = "CIM does not tell the Teredo configuration";
        return Ask(Meaning, space => space.FindFirst(ConfigurationClass) is { } found
            ? Reading.Of(Configuration(found)) : Reading.Unknown<TeredoConfiguration>($"{NoInstance}, so {Meaning}."));
    }

    public static Reading<TeredoStatus> ReadStatus() => Ask("CIM does not tell the state of the Teredo client", space =>
        Reading.Of(space.FindFirst(StateClass) is { } found ? CimValue.Status(found.Read("State"), found.Read("Error")) : TeredoStatus.Inactive));

    /// <summary>All properties of both classes' instances, in the Managed Object Format.</summary>
    public static Reading<string> ReadText() => Ask("CIM does not tell the properties of Teredo", space => Reading.Of(
        string.Join('\n', new[] { ConfigurationClass, StateClass }.Select(type => space.FindFirst(type)?.ToText() ?? $"// no instance of {type}"))));

    /// <exception cref="TeredoException">Rights are missing, the class does not exist, or a value can't be set.</exception>
    public static void WriteConfiguration(TeredoConfiguration configuration)
    {
        try
        {
            ComThread.Shared.Run(() => Write(configuration));
        }
        catch (Exception e) when (CimNamespace.IsFailure(e))
        {
            throw e.HResult is CimNamespace.WBEM_E_ACCESS_DENIED or CimNamespace.E_ACCESSDENIED
                ? new TeredoException(TeredoError.AccessDenied,
                    $"{e.Message}: changing Windows' Teredo needs an administrator. Run as administrator: {Command(configuration)}", e)
                : new TeredoException(TeredoError.NotSupported, CimNamespace.Explain(e, "CIM can't change Windows' Teredo; use netsh instead"), e);
        }
    }

    static Reading<T> Ask<T>(string meaning, Func<CimNamespace, Reading<T>> ask)
    {
        try
        {
            return ComThread.Shared.Run(() => ask(CimNamespace.Connect()));
        }
        catch (Exception e) when (CimNamespace.IsFailure(e))
        {
            return Reading.Unknown<T>(CimNamespace.Explain(e, meaning));
        }
    }

    static TeredoConfiguration Configuration(CimInstance found) => new()
    {
        Type = CimValue.Type(found.Read("Type")),
        ServerName = CimValue.Text(found.Read("ServerName")),
        ClientPort = CimValue.Number(found.Read("ClientPort")),
        RefreshInterval = CimValue.Number(found.Read(RefreshInterval, RefreshIntervalSeconds)) is { } seconds ? TimeSpan.FromSeconds(seconds) : null,
        DefaultQualified = CimValue.Flag(found.Read("DefaultQualified")),
    };

    static void Write(TeredoConfiguration configuration)
    {
        var space = CimNamespace.Connect();
        var found = space.FindFirst(ConfigurationClass) ?? throw new TeredoException(TeredoError.NotSupported, NoInstance + ". Use netsh instead.");
        if (configuration.Type is { } type)
            found.Write((int)type, NetshTeredoState.Word(type), "Type");
        if (configuration.ServerName is { } server)
            found.Write(0, server, "ServerName");
        if (configuration.ClientPort is { } port)
            Write(found, port, "ClientPort");
        if (configuration.RefreshInterval is { } interval)
            Write(found, (int)interval.TotalSeconds, RefreshInterval, RefreshIntervalSeconds);
        if (configuration.DefaultQualified is { } isQualified)
            found.Write(isQualified ? 1 : 0, isQualified.ToString(), "DefaultQualified");
        space.Update(found);
    }

    static void Write(CimInstance found, int number, params ReadOnlySpan<string> names) =>
        found.Write(number, number.ToString(CultureInfo.InvariantCulture), names);

    static string Command(TeredoConfiguration configuration)
    {
        string command = "netsh interface teredo set state";
        if (configuration.Type is { } type)
            command += " type=" + NetshTeredoState.Word(type);
        if (configuration.ServerName is { } server)
            command += $" servername=\"{server.Replace("\"", "")}\"";
        if (configuration.RefreshInterval is { } interval)
            command += $" refreshinterval={(int)interval.TotalSeconds}";
        return configuration.ClientPort is { } port ? command + $" clientport={port}" : command;
    }
}
