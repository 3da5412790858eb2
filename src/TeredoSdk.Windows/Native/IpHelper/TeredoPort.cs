using System.Buffers.Binary;
using System.Net.NetworkInformation;
using System.Runtime.Versioning;
using TeredoSdk.Windows.Native.Filtering;

namespace TeredoSdk.Windows.Native.IpHelper;

/// <summary>The UDP port of the system's Teredo client.</summary>
static class TeredoPort
{
    const string Meaning = "the UDP port of Windows' Teredo client is not known";

    [SupportedOSPlatform("windows")]
    public static Reading<int> Read()
    {
        var named = SystemPorts.ReadTeredoPorts();
        if (!named.TryGet(out var ports))
            ports = [];
        string call = "FwpmSystemPortsGet0";
        string? first = named.Reason ?? (ports.Length == 0 ? call + " names no port of Teredo." : null);
        if (first is not null)
        {
            call = "GetTeredoPort";
            var old = NativeCall.Ask(call, Meaning, ReadOld);
            if (!old.TryGet(out ushort port))
                return Reading.Unknown<int>($"{first} {old.Reason}");
            ports = [port];
        }
        try
        {
            return Choose(call, ports, Listeners());
        }
        catch (NetworkInformationException e)
        {
            return Reading.Unknown<int>(NativeCall.Failed("GetUdpTable", e.ErrorCode, $"Teredo's socket can't be identified and {Meaning}"));
        }
    }

    /// <summary>
    /// Chooses the real port. The documentation states the byte order of neither function. So a port counts only when a UDP socket of this machine is
    /// bound to it, either as given or with its octets swapped.
    /// </summary>
    public static Reading<int> Choose(string call, IReadOnlyList<ushort> ports, IReadOnlySet<int> listeners)
    {
        foreach (ushort port in ports)
        {
            if (listeners.Contains(port))
                return Reading.Of<int>(port);
            int swapped = BinaryPrimitives.ReverseEndianness(port);
            if (listeners.Contains(swapped))
                return Reading.Of(swapped);
        }
        string names = string.Join(", ", ports.Select(port => $"{port} (or {BinaryPrimitives.ReverseEndianness(port)} in the other byte order)"));
        return Reading.Unknown<int>($"{call} names {names}, but no UDP socket of this machine is bound to any of them, so {Meaning}.");
    }

    static HashSet<int> Listeners() => [.. IPGlobalProperties.GetIPGlobalProperties().GetActiveUdpListeners().Select(listener => listener.Port)];

    [SupportedOSPlatform("windows")]
    static Reading<ushort> ReadOld()
    {
        int error = IpHelperApi.GetTeredoPort(out ushort port);
        return error switch
        {
            IpHelperApi.NO_ERROR when port != 0 => Reading.Of(port),
            IpHelperApi.NO_ERROR => Reading.Unknown<ushort>("GetTeredoPort returned no port: Windows' Teredo client has no port at the moment."),
            IpHelperApi.ERROR_NOT_READY => Reading.Unknown<ushort>("GetTeredoPort says that Windows' Teredo client has not started."),
            IpHelperApi.ERROR_NOT_SUPPORTED => Reading.Unknown<ushort>("GetTeredoPort says that this system has no IPv6."),
            _ => Reading.Unknown<ushort>(NativeCall.Failed("GetTeredoPort", error, Meaning)),
        };
    }
}
