using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace TeredoSdk.Windows.Native.Filtering;

/// <summary>Reads the filters of the sublayer that decides about Teredo's traffic. Source: "Implementing Firewall Filters for Teredo".</summary>
[SupportedOSPlatform("windows")]
static unsafe class EdgeTraversalFilters
{
    const uint BatchSize = 64;
    const string Meaning = "the filters for Teredo are not known";

    static readonly Guid Sublayer = new("ba69dc66-5176-4979-9c89-26a7b46a8327");     // FWPM_SUBLAYER_EDGE_TRAVERSAL = _TEREDO
    static readonly Guid ApplicationId = new("d78e1e87-8644-4ea5-9437-d809ecefc971"); // FWPM_CONDITION_ALE_APP_ID

    public static Reading<IReadOnlyList<EdgeTraversalFilter>> Read() => NativeCall.Ask("FwpmFilterEnum0", Meaning, ReadAll);

    static Reading<IReadOnlyList<EdgeTraversalFilter>> ReadAll()
    {
        int error = FilteringApi.FwpmEngineOpen0(0, FilteringApi.RPC_C_AUTHN_DEFAULT, 0, 0, out var engine);
        using (engine)
        {
            if (error != 0)
                return Failed("FwpmEngineOpen0", error);
            error = FilteringApi.FwpmFilterCreateEnumHandle0(engine, 0, out nint enumeration);
            if (error != 0)
                return Failed("FwpmFilterCreateEnumHandle0", error);
            try
            {
                return ReadAll(engine, enumeration);
            }
            finally
            {
                _ = FilteringApi.FwpmFilterDestroyEnumHandle0(engine, enumeration);
            }
        }
    }

    static Reading<IReadOnlyList<EdgeTraversalFilter>> ReadAll(FilterEngine engine, nint enumeration)
    {
        List<EdgeTraversalFilter> found = [];
        uint seen = 0, count;
        do
        {
            int error = FilteringApi.FwpmFilterEnum0(engine, enumeration, BatchSize, out var entries, out count);
            if (error != 0)
                return Failed("FwpmFilterEnum0", error);
            try
            {
                Add(found, entries, count);
            }
            finally
            {
                FilteringApi.FwpmFreeMemory0((void**)&entries);
            }
            seen += count;
        }
        while (count == BatchSize);
        // The system leaves out filters that the caller may not read. A firewall always has filters, so an empty list means missing rights.
        return seen == 0
            ? Reading.Unknown<IReadOnlyList<EdgeTraversalFilter>>($"FwpmFilterEnum0 returns no filter at all, so this process lacks rights and {Meaning}.")
            : Reading.Of<IReadOnlyList<EdgeTraversalFilter>>(found);
    }

    static Reading<IReadOnlyList<EdgeTraversalFilter>> Failed(string call, int error) => Reading.Unknown<IReadOnlyList<EdgeTraversalFilter>>(
        error == NativeCall.ERROR_ACCESS_DENIED
            ? $"{call} needs the rights of an administrator or a network configuration operator, so {Meaning}."
            : NativeCall.Failed(call, error, Meaning));

    static void Add(List<EdgeTraversalFilter> found, Filter** entries, uint count)
    {
        for (uint i = 0; i < count; i++)
            if (entries[i]->SubLayerKey == Sublayer)
                found.Add(Describe(entries[i]));
    }

    static EdgeTraversalFilter Describe(Filter* filter)
    {
        string? program = Program(filter);
        var kind = EdgeTraversalRule.Classify(filter->LayerKey, filter->ActionType, filter->CalloutKey, program is not null);
        return new() { Kind = kind, Name = Marshal.PtrToStringUni((nint)filter->Name) ?? "", ProgramPath = program };
    }

    static string? Program(Filter* filter)
    {
        const int FWP_BYTE_BLOB_TYPE = 12; // fwptypes.h
        for (uint i = 0; i < filter->ConditionCount; i++)
        {
            ref var condition = ref filter->Conditions[i];
            if (condition.FieldKey == ApplicationId && condition.Value.Type == FWP_BYTE_BLOB_TYPE && condition.Value.Value != 0)
                return Text(*(ByteBlob*)condition.Value.Value);
        }
        return null;
    }

    // FwpmGetAppIdFromFileName0: the device path in lower case, with a terminating zero.
    static string Text(ByteBlob blob) => new string((char*)blob.Data, 0, checked((int)blob.Size / sizeof(char))).TrimEnd('\0');
}
