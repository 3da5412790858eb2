// fwpuclnt.dll: the ports and filters of the filtering platform. windows.txt:
//   port=PORT   ports=missing (no entry for Teredo)   filters=denied|none   permit=DEVICE-PATH (a filter that lets this program in)
#include <winsock2.h>
#include <initguid.h>
#include <fwpmu.h>
#include <stdlib.h>
#include "records.h"

DEFINE_GUID(edge_traversal_sublayer, 0xba69dc66, 0x5176, 0x4979, 0x9c, 0x89, 0x26, 0xa7, 0xb4, 0x6a, 0x83, 0x27);
DEFINE_GUID(another_sublayer, 0x1b75c0ce, 0xff60, 0x4711, 0xa7, 0x0f, 0xb4, 0x95, 0x8c, 0xc3, 0xb2, 0xd0);
DEFINE_GUID(accept_layer, 0xa3b42c97, 0x9f04, 0x4672, 0xb8, 0x7e, 0xce, 0xe9, 0xc4, 0x83, 0x25, 0x7f);
DEFINE_GUID(listen_layer, 0x7ac9de24, 0x17dd, 0x4814, 0xb4, 0xbd, 0xa9, 0xfb, 0xc9, 0x5a, 0x32, 0x1b);
DEFINE_GUID(application_condition, 0xd78e1e87, 0x8644, 0x4ea5, 0x94, 0x37, 0xd8, 0x09, 0xec, 0xef, 0xc9, 0x71);
DEFINE_GUID(listen_callout, 0x81a434e7, 0xf60c, 0x4378, 0xba, 0xb8, 0xc6, 0x25, 0xa3, 0x0f, 0x01, 0x97);

// What FwpmFreeMemory0 frees is one block.
struct PortsBlock
{
    FWPM_SYSTEM_PORTS0 ports;
    FWPM_SYSTEM_PORTS_BY_TYPE0 types[2];
    UINT16 rpc, teredo;
};

EXPORT DWORD WINAPI FwpmSystemPortsGet0(HANDLE, FWPM_SYSTEM_PORTS0** ports)
{
    Record record = windows();
    auto* block = (PortsBlock*)calloc(1, sizeof(PortsBlock));
    block->rpc = 135;
    block->teredo = (UINT16)record.number(L"port");
    block->types[0] = {FWPM_SYSTEM_PORT_RPC_EPMAP, 1, &block->rpc};
    block->types[1] = {FWPM_SYSTEM_PORT_TEREDO, block->teredo ? 1u : 0u, &block->teredo};
    block->ports = {record.get(L"ports") == L"missing" ? 1u : 2u, block->types};
    *ports = &block->ports;
    return ERROR_SUCCESS;
}

struct Subscription
{
    HANDLE thread, ended;
    FWPM_SYSTEM_PORTS_CALLBACK0 callback;
    void* context;
    long last; // the port that was told at last
};

static DWORD WINAPI watch(void* argument)
{
    auto* subscription = (Subscription*)argument;
    while (WaitForSingleObject(subscription->ended, 50) == WAIT_TIMEOUT)
    {
        long now = windows().number(L"port");
        FWPM_SYSTEM_PORTS0* ports;
        if (now != subscription->last && FwpmSystemPortsGet0(nullptr, &ports) == ERROR_SUCCESS)
        {
            subscription->callback(subscription->context, ports);
            free(ports);
        }
        subscription->last = now;
    }
    return 0;
}

EXPORT DWORD WINAPI FwpmSystemPortsSubscribe0(HANDLE, void*, FWPM_SYSTEM_PORTS_CALLBACK0 callback, void* context, HANDLE* handle)
{
    auto* subscription = new Subscription{nullptr, CreateEventW(nullptr, TRUE, FALSE, nullptr), callback, context, windows().number(L"port")};
    subscription->thread = CreateThread(nullptr, 0, watch, subscription, 0, nullptr);
    *handle = subscription;
    return ERROR_SUCCESS;
}

EXPORT DWORD WINAPI FwpmSystemPortsUnsubscribe0(HANDLE, HANDLE handle)
{
    auto* subscription = (Subscription*)handle;
    SetEvent(subscription->ended);
    WaitForSingleObject(subscription->thread, INFINITE);
    CloseHandle(subscription->thread);
    CloseHandle(subscription->ended);
    delete subscription;
    return ERROR_SUCCESS;
}

EXPORT DWORD WINAPI FwpmEngineOpen0(const wchar_t*, UINT32, SEC_WINNT_AUTH_IDENTITY_W*, const FWPM_SESSION0*, HANDLE* engine)
{
    *engine = (HANDLE)1;
    return ERROR_SUCCESS;
}

EXPORT DWORD WINAPI FwpmEngineClose0(HANDLE) { return ERROR_SUCCESS; }

EXPORT DWORD WINAPI FwpmFilterCreateEnumHandle0(HANDLE, const FWPM_FILTER_ENUM_TEMPLATE0*, HANDLE* enumeration)
{
    *enumeration = calloc(1, sizeof(int)); // how many were given
    return windows().get(L"filters") == L"denied" ? ERROR_ACCESS_DENIED : ERROR_SUCCESS;
}

EXPORT DWORD WINAPI FwpmFilterDestroyEnumHandle0(HANDLE, HANDLE enumeration)
{
    free(enumeration);
    return ERROR_SUCCESS;
}

struct FiltersBlock
{
    FWPM_FILTER0* entries[4];
    FWPM_FILTER0 filters[4];
    FWPM_FILTER_CONDITION0 condition;
    FWP_BYTE_BLOB program;
    wchar_t path[MAX_PATH];
};

static void fill(FWPM_FILTER0& filter, const wchar_t* name, const GUID& layer, const GUID& sublayer, FWP_ACTION_TYPE action)
{
    filter.displayData.name = (wchar_t*)name;
    filter.layerKey = layer;
    filter.subLayerKey = sublayer;
    filter.action.type = action;
}

EXPORT DWORD WINAPI FwpmFilterEnum0(HANDLE, HANDLE enumeration, UINT32, FWPM_FILTER0*** entries, UINT32* count)
{
    Record record = windows();
    std::wstring permit = record.get(L"permit");
    auto* block = (FiltersBlock*)calloc(1, sizeof(FiltersBlock));
    int& given = *(int*)enumeration;
    UINT32 found = 0;
    if (given == 0 && record.get(L"filters") != L"none")
    {
        fill(block->filters[found++], L"a filter of something else", accept_layer, another_sublayer, FWP_ACTION_BLOCK);
        fill(block->filters[found++], L"Teredo: default block", accept_layer, edge_traversal_sublayer, FWP_ACTION_BLOCK);
        auto& dormancy = block->filters[found++];
        fill(dormancy, L"Teredo: listeners", listen_layer, edge_traversal_sublayer, FWP_ACTION_CALLOUT_UNKNOWN);
        dormancy.action.calloutKey = listen_callout;
        if (!permit.empty())
        {
            auto& filter = block->filters[found++];
            fill(filter, L"Teredo: a program", accept_layer, edge_traversal_sublayer, FWP_ACTION_PERMIT);
            wcsncpy(block->path, permit.c_str(), MAX_PATH - 1);
            block->program = {(UINT32)((permit.size() + 1) * sizeof(wchar_t)), (UINT8*)block->path};
            block->condition.fieldKey = application_condition;
            block->condition.conditionValue.type = FWP_BYTE_BLOB_TYPE;
            block->condition.conditionValue.byteBlob = &block->program;
            filter.numFilterConditions = 1;
            filter.filterCondition = &block->condition;
        }
    }
    for (UINT32 i = 0; i < found; i++)
        block->entries[i] = &block->filters[i];
    given += found;
    *entries = block->entries;
    *count = found;
    return ERROR_SUCCESS;
}

EXPORT void WINAPI FwpmFreeMemory0(void** memory)
{
    free(*memory);
    *memory = nullptr;
}
