// The XP-era firewall (INetFwMgr): the globally open ports of one profile, kept in C:\fakes\ports.txt.
#pragma once
#include "rules.h"

struct OpenPort : DispatchObject<INetFwOpenPort>
{
    Record fields;

    OpenPort()
    {
        for (auto& [key, value] : std::vector<std::pair<std::wstring, std::wstring>>{
            {L"Name", L""}, {L"Port", L"0"}, {L"Protocol", L"6"}, {L"IpVersion", L"2"}, {L"Scope", L"0"}, {L"RemoteAddresses", L"*"},
            {L"Enabled", L"1"}})
            fields.set(key, value);
    }
    explicit OpenPort(const Record& record) : fields(record) {}

    HRESULT set(const std::wstring& key, const std::wstring& value) { fields.set(key, value); return S_OK; }

    TEXT_PROPERTY(Name) NUMBER_PROPERTY(IpVersion, NET_FW_IP_VERSION) NUMBER_PROPERTY(Protocol, NET_FW_IP_PROTOCOL)
    NUMBER_PROPERTY(Port, LONG) NUMBER_PROPERTY(Scope, NET_FW_SCOPE) TEXT_PROPERTY(RemoteAddresses) FLAG_PROPERTY(Enabled)
    HRESULT STDMETHODCALLTYPE get_BuiltIn(VARIANT_BOOL* value) override { return give(value, false); }
};

struct OpenPorts : DispatchObject<INetFwOpenPorts>
{
    static bool is_port(const Record& record, LONG port, long protocol)
    {
        return record.number(L"Port") == port && record.number(L"Protocol") == protocol;
    }

    HRESULT STDMETHODCALLTYPE get_Count(LONG* count) override { *count = (LONG)read_records(L"ports.txt").size(); return S_OK; }

    HRESULT STDMETHODCALLTYPE Add(INetFwOpenPort* port) override
    {
        HRESULT result = may_write();
        auto& fields = static_cast<OpenPort*>(port)->fields;
        if (result == S_OK && (fields.get(L"Name").empty() || fields.number(L"Port") < 1 || fields.number(L"Port") > 65535))
            result = E_INVALIDARG;
        if (result != S_OK)
            return result;
        Remove(fields.number(L"Port"), (NET_FW_IP_PROTOCOL)fields.number(L"Protocol"));
        auto all = read_records(L"ports.txt");
        all.push_back(fields);
        write_records(L"ports.txt", all);
        return S_OK;
    }

    HRESULT STDMETHODCALLTYPE Remove(LONG number, NET_FW_IP_PROTOCOL protocol) override
    {
        HRESULT result = may_write();
        auto all = read_records(L"ports.txt");
        all.erase(std::remove_if(all.begin(), all.end(), [&](auto& record) { return is_port(record, number, protocol); }), all.end());
        if (result == S_OK)
            write_records(L"ports.txt", all);
        return result;
    }

    HRESULT STDMETHODCALLTYPE Item(LONG number, NET_FW_IP_PROTOCOL protocol, INetFwOpenPort** port) override
    {
        *port = nullptr;
        for (auto& record : read_records(L"ports.txt"))
            if (is_port(record, number, protocol))
            {
                *port = new OpenPort(record);
                return S_OK;
            }
        return HRESULT_FROM_WIN32(ERROR_FILE_NOT_FOUND);
    }

    HRESULT STDMETHODCALLTYPE get__NewEnum(IUnknown** enumeration) override
    {
        std::vector<IDispatch*> ports;
        for (auto& record : read_records(L"ports.txt"))
            ports.push_back(new OpenPort(record));
        *enumeration = new Enumeration(ports);
        return S_OK;
    }
};

#define NOT_HERE(NAME, ...) HRESULT STDMETHODCALLTYPE NAME(__VA_ARGS__) override { return E_NOTIMPL; }

struct Profile : DispatchObject<INetFwProfile>
{
    HRESULT STDMETHODCALLTYPE get_Type(NET_FW_PROFILE_TYPE* type) override { *type = NET_FW_PROFILE_STANDARD; return S_OK; }
    HRESULT STDMETHODCALLTYPE get_FirewallEnabled(VARIANT_BOOL* value) override { return give(value, windows().number(L"enabled", 1) != 0); }
    HRESULT STDMETHODCALLTYPE get_ExceptionsNotAllowed(VARIANT_BOOL* value) override { return give(value, windows().number(L"block_all") != 0); }
    HRESULT STDMETHODCALLTYPE get_GloballyOpenPorts(INetFwOpenPorts** ports) override
    {
        HRESULT result = may_read();
        *ports = result == S_OK ? new OpenPorts : nullptr;
        return result;
    }
    NOT_HERE(put_FirewallEnabled, VARIANT_BOOL) NOT_HERE(put_ExceptionsNotAllowed, VARIANT_BOOL)
    NOT_HERE(get_NotificationsDisabled, VARIANT_BOOL*) NOT_HERE(put_NotificationsDisabled, VARIANT_BOOL)
    NOT_HERE(get_UnicastResponsesToMulticastBroadcastDisabled, VARIANT_BOOL*)
    NOT_HERE(put_UnicastResponsesToMulticastBroadcastDisabled, VARIANT_BOOL)
    NOT_HERE(get_RemoteAdminSettings, INetFwRemoteAdminSettings**) NOT_HERE(get_IcmpSettings, INetFwIcmpSettings**)
    NOT_HERE(get_Services, INetFwServices**) NOT_HERE(get_AuthorizedApplications, INetFwAuthorizedApplications**)
};

struct Policy : DispatchObject<INetFwPolicy>
{
    HRESULT STDMETHODCALLTYPE get_CurrentProfile(INetFwProfile** profile) override { *profile = new Profile; return S_OK; }
    NOT_HERE(GetProfileByType, NET_FW_PROFILE_TYPE, INetFwProfile**)
};

struct Manager : DispatchObject<INetFwMgr>
{
    HRESULT STDMETHODCALLTYPE get_LocalPolicy(INetFwPolicy** policy) override { *policy = new Policy; return S_OK; }
    HRESULT STDMETHODCALLTYPE get_CurrentProfileType(NET_FW_PROFILE_TYPE* type) override { *type = NET_FW_PROFILE_STANDARD; return S_OK; }
    NOT_HERE(RestoreDefaults)
    NOT_HERE(IsPortAllowed, BSTR, NET_FW_IP_VERSION, LONG, BSTR, NET_FW_IP_PROTOCOL, VARIANT*, VARIANT*)
    NOT_HERE(IsIcmpTypeAllowed, NET_FW_IP_VERSION, BSTR, BYTE, VARIANT*, VARIANT*)
};
