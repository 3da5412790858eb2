// iphlpapi.dll: Wine's own (every other function is forwarded to it by the .def file that build.sh makes) plus the Teredo tunnel of windows.txt:
//   type=client|enterpriseclient|natawareclient|disabled   address=2001:0:...   port=PORT   stable=after|never (WakeAsync's wait; at once when absent)
#include <winsock2.h>
#include <ws2tcpip.h>
#include <iphlpapi.h>
#include <netioapi.h>
#include "records.h"

constexpr wchar_t tunnel_name[] = L"Teredo Tunneling Pseudo-Interface";
constexpr ULONG tunnel_index = 77, tunnel_mtu = 1280;

struct Tunnel
{
    IP_ADAPTER_ADDRESSES adapter{};
    IP_ADAPTER_UNICAST_ADDRESS address{};
    SOCKADDR_IN6 end_point{};
    char name[40] = "{7EF4B9C1-0000-4000-8000-7E7ED0000001}";
    wchar_t friendly[40], description[40], suffix[1] = {};
};

template <class F> static F own(const char* name)
{
    return (F)(void*)GetProcAddress(LoadLibraryW(L"wineiphl.dll"), name);
}

static bool has_address(IN6_ADDR* address)
{
    Record record = windows();
    std::wstring type = record.get(L"type", L"default");
    return (type == L"client" || type == L"enterpriseclient" || type == L"natawareclient")
        && InetPtonW(AF_INET6, record.get(L"address").c_str(), address) == 1;
}

static void describe(Tunnel* tunnel, const IN6_ADDR& address)
{
    *tunnel = Tunnel{};
    wcscpy(tunnel->friendly, tunnel_name);
    wcscpy(tunnel->description, tunnel_name);
    tunnel->end_point.sin6_family = AF_INET6;
    tunnel->end_point.sin6_addr = address;
    auto& unicast = tunnel->address;
    unicast.Length = sizeof unicast;
    unicast.Address = {(SOCKADDR*)&tunnel->end_point, sizeof tunnel->end_point};
    unicast.PrefixOrigin = IpPrefixOriginRouterAdvertisement;
    unicast.SuffixOrigin = IpSuffixOriginLinkLayerAddress;
    unicast.DadState = IpDadStatePreferred;
    unicast.ValidLifetime = unicast.PreferredLifetime = unicast.LeaseLifetime = 0xFFFFFFFF;
    unicast.OnLinkPrefixLength = 32;
    auto& adapter = tunnel->adapter;
    adapter.Length = sizeof adapter;
    adapter.AdapterName = tunnel->name;
    adapter.FirstUnicastAddress = &unicast;
    adapter.DnsSuffix = tunnel->suffix;
    adapter.Description = tunnel->description;
    adapter.FriendlyName = tunnel->friendly;
    adapter.Flags = IP_ADAPTER_NO_MULTICAST | IP_ADAPTER_IPV6_ENABLED;
    adapter.Mtu = tunnel_mtu;
    adapter.IfType = IF_TYPE_TUNNEL;
    adapter.TunnelType = TUNNEL_TYPE_TEREDO;
    adapter.OperStatus = IfOperStatusUp;
    adapter.Ipv6IfIndex = tunnel_index;
}

// The tunnel stands before the machine's own adapters, which Wine writes behind it.
EXPORT ULONG WINAPI GetAdaptersAddresses(ULONG family, ULONG flags, PVOID reserved, PIP_ADAPTER_ADDRESSES first, PULONG size)
{
    static auto read = own<decltype(&GetAdaptersAddresses)>("GetAdaptersAddresses");
    IN6_ADDR address;
    if (family == AF_INET || !has_address(&address))
        return read(family, flags, reserved, first, size);
    ULONG left = first && *size > sizeof(Tunnel) ? *size - sizeof(Tunnel) : 0;
    auto* tunnel = (Tunnel*)first;
    auto* others = left ? (IP_ADAPTER_ADDRESSES*)(tunnel + 1) : nullptr;
    ULONG result = read(family, flags, reserved, others, &left);
    *size = left + sizeof(Tunnel);
    if (result == ERROR_NO_DATA && first)
        others = nullptr;
    else if (result != ERROR_SUCCESS)
        return result;
    describe(tunnel, address);
    tunnel->adapter.Next = others;
    return ERROR_SUCCESS;
}

EXPORT DWORD WINAPI GetTeredoPort(USHORT* port)
{
    IN6_ADDR address;
    if (!has_address(&address))
        return ERROR_NOT_READY;
    *port = (USHORT)windows().number(L"port");
    return NO_ERROR;
}

// A registration is the thread that keeps it; its end is waited for by CancelMibChangeNotify2, as in Windows.
struct Registration
{
    HANDLE thread, ended;
    PTEREDO_PORT_CHANGE_CALLBACK port;
    PSTABLE_UNICAST_IPADDRESS_TABLE_CALLBACK stable;
    void* context;
    bool initial;
    long last; // the port that was told at last
};

static MIB_UNICASTIPADDRESS_TABLE* table()
{
    static auto read = own<decltype(&GetUnicastIpAddressTable)>("GetUnicastIpAddressTable");
    MIB_UNICASTIPADDRESS_TABLE* result = nullptr;
    read(AF_UNSPEC, &result);
    return result;
}

// Reports each change of the port that windows.txt tells, and when addresses are stable.
static DWORD WINAPI watch(void* argument)
{
    auto* registration = (Registration*)argument;
    if (registration->initial && registration->port)
        registration->port(registration->context, 0, MibInitialNotification);
    while (WaitForSingleObject(registration->ended, 50) == WAIT_TIMEOUT)
    {
        long now = windows().number(L"port");
        if (registration->port && now != registration->last)
            registration->port(registration->context, (USHORT)now, MibParameterNotification);
        if (registration->stable && windows().get(L"stable") != L"never")
        {
            registration->stable(registration->context, table());
            registration->stable = nullptr;
        }
        registration->last = now;
    }
    return 0;
}

static void start(Registration* registration, HANDLE* handle)
{
    registration->last = windows().number(L"port");
    registration->ended = CreateEventW(nullptr, TRUE, FALSE, nullptr);
    registration->thread = CreateThread(nullptr, 0, watch, registration, 0, nullptr);
    *handle = registration;
}

EXPORT DWORD WINAPI NotifyTeredoPortChange(PTEREDO_PORT_CHANGE_CALLBACK callback, PVOID context, BOOLEAN initial, HANDLE* handle)
{
    start(new Registration{nullptr, nullptr, callback, nullptr, context, initial != FALSE, 0}, handle);
    return NO_ERROR;
}

EXPORT DWORD WINAPI NotifyStableUnicastIpAddressTable(ADDRESS_FAMILY family, PMIB_UNICASTIPADDRESS_TABLE* addresses,
    PSTABLE_UNICAST_IPADDRESS_TABLE_CALLBACK callback, PVOID context, HANDLE* handle)
{
    if (family == AF_INET)
        return ERROR_INVALID_PARAMETER;
    if (windows().get(L"stable").empty())
    {
        *addresses = table();
        *handle = nullptr;
        return NO_ERROR;
    }
    start(new Registration{nullptr, nullptr, nullptr, callback, context, false, 0}, handle);
    return ERROR_IO_PENDING;
}

// Wine knows no way to end a notification of its own.
EXPORT DWORD WINAPI CancelMibChangeNotify2(HANDLE handle)
{
    auto* registration = (Registration*)handle;
    if (!registration)
        return ERROR_INVALID_PARAMETER;
    SetEvent(registration->ended);
    WaitForSingleObject(registration->thread, INFINITE);
    CloseHandle(registration->thread);
    CloseHandle(registration->ended);
    delete registration;
    return NO_ERROR;
}

// ICMPV6_ECHO_REPLY of ipexport.h, which mingw-w64 does not have.
#pragma pack(push, 1)
struct EchoAddress
{
    USHORT port;
    ULONG flow;
    IN6_ADDR address;
    ULONG scope;
};
#pragma pack(pop)
struct EchoReply
{
    EchoAddress address;
    ULONG status;
    unsigned round_trip;
};

// Wine has no ICMPv6. IcmpCloseHandle closes any handle.
EXPORT HANDLE WINAPI Icmp6CreateFile() { return CreateEventW(nullptr, TRUE, FALSE, nullptr); }

// Whatever has the Teredo address of windows.txt answers at once, all else not.
EXPORT DWORD WINAPI Icmp6SendEcho2(HANDLE, HANDLE event, FARPROC, void*, sockaddr_in6*, sockaddr_in6* target,
    void*, WORD, void*, void* buffer, DWORD size, DWORD)
{
    constexpr ULONG timed_out = 11010;
    IN6_ADDR address;
    if (size < sizeof(EchoReply))
    {
        SetLastError(ERROR_INVALID_PARAMETER);
        return 0;
    }
    bool answers = has_address(&address) && memcmp(&address, &target->sin6_addr, sizeof address) == 0;
    auto* reply = (EchoReply*)buffer;
    *reply = {{0, 0, target->sin6_addr, 0}, answers ? 0 : timed_out, 0};
    if (event)
        SetEvent(event);
    return 1;
}
