using System.Runtime.Versioning;

namespace TeredoSdk.Windows.Native.Filtering;

/// <summary>Reads the ports that the system itself uses from the Windows Filtering Platform (Windows 7 and later).</summary>
[SupportedOSPlatform("windows")]
static unsafe class SystemPorts
{
    const int FWPM_SYSTEM_PORT_TEREDO = 1; // fwpmtypes.h
    const string Call = "FwpmSystemPortsGet0";
    const string Meaning = "the filtering platform does not tell the port of Windows' Teredo client";

    /// <returns>Teredo's ports, in the byte order of the system; empty when Teredo has no port.</returns>
    public static Reading<ushort[]> ReadTeredoPorts() => NativeCall.Ask(Call, Meaning, Read);

    static Reading<ushort[]> Read()
    {
        int error = FilteringApi.FwpmSystemPortsGet0(0, out var list);
        if (error != 0)
            return Reading.Unknown<ushort[]>(NativeCall.Failed(Call, error, Meaning));
        try
        {
            return Reading.Of(TeredoPorts(list));
        }
        finally
        {
            FilteringApi.FwpmFreeMemory0((void**)&list);
        }
    }

    static ushort[] TeredoPorts(SystemPortsList* list)
    {
        List<ushort> ports = [];
        for (uint i = 0; list != null && i < list->Count; i++)
            if (list->Types[i].Type == FWPM_SYSTEM_PORT_TEREDO)
                ports.AddRange(new ReadOnlySpan<ushort>(list->Types[i].Ports, checked((int)list->Types[i].Count)));
        ports.RemoveAll(port => port == 0); // netioapi.h: MIB_INVALID_TEREDO_PORT_NUMBER
        return [.. ports];
    }
}
