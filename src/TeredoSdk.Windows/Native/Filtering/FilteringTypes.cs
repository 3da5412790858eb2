using System.Runtime.InteropServices;

namespace TeredoSdk.Windows.Native.Filtering;

/// <summary>FWPM_SYSTEM_PORTS0, fwpmtypes.h.</summary>
[StructLayout(LayoutKind.Sequential)]
unsafe struct SystemPortsList
{
    public uint Count;
    public SystemPortsOfType* Types;
}

/// <summary>FWPM_SYSTEM_PORTS_BY_TYPE0, fwpmtypes.h.</summary>
[StructLayout(LayoutKind.Sequential)]
unsafe struct SystemPortsOfType
{
    public int Type;
    public uint Count;
    public ushort* Ports;
}

/// <summary>FWPM_FILTER0, fwpmtypes.h.</summary>
[StructLayout(LayoutKind.Sequential)]
unsafe struct Filter
{
    public Guid FilterKey;
    public char* Name;
    public char* Description;
    public uint Flags;
    public Guid* ProviderKey;
    public ByteBlob ProviderData;
    public Guid LayerKey;
    public Guid SubLayerKey;
    public FilterValue Weight;
    public uint ConditionCount;
    public FilterCondition* Conditions;
    public uint ActionType;
    public Guid CalloutKey;
    public FilterContext Context;
    public Guid* Reserved;
    public ulong FilterId;
    public FilterValue EffectiveWeight;
}

/// <summary>FWP_BYTE_BLOB, fwptypes.h.</summary>
[StructLayout(LayoutKind.Sequential)]
unsafe struct ByteBlob
{
    public uint Size;
    public byte* Data;
}

/// <summary>FWP_VALUE0 and FWP_CONDITION_VALUE0, fwptypes.h: a type, and a union of at most a pointer's size.</summary>
[StructLayout(LayoutKind.Sequential)]
struct FilterValue
{
    public int Type;
    public nint Value;
}

/// <summary>FWPM_FILTER_CONDITION0, fwpmtypes.h.</summary>
[StructLayout(LayoutKind.Sequential)]
struct FilterCondition
{
    public Guid FieldKey;
    public int MatchType;
    public FilterValue Value;
}

/// <summary>The union of rawContext and providerContextKey in FWPM_FILTER0, aligned as rawContext is.</summary>
[StructLayout(LayoutKind.Sequential)]
struct FilterContext
{
    public ulong Low;
    public ulong High;
}
