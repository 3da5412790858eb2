// The rules of the fake firewall (INetFwRule, 2 and 3), kept in C:\fakes\rules.txt, and what makes one valid.
#pragma once
#include "com.h"
#include <netfw.h>

constexpr HRESULT service_off = (HRESULT)0x800706D9; // EPT_S_NOT_REGISTERED

// Where windows.txt has refuse_at, each call is a line of calls.txt, and the one of that number (the first is 1) fails with refuse_with.
inline HRESULT note_call(const std::wstring& call, const Record& record = windows())
{
    if (!record.has(L"refuse_at"))
        return S_OK;
    write_text(L"calls.txt", call + L"\n", true);
    std::wstring calls = read_text(L"calls.txt");
    return std::count(calls.begin(), calls.end(), L'\n') == record.number(L"refuse_at")
        ? (HRESULT)wcstoul(record.get(L"refuse_with").c_str(), nullptr, 16) : S_OK;
}

// The call is the calling function's name.
inline HRESULT may_read(const std::string& call = __builtin_FUNCTION())
{
    Record record = windows();
    HRESULT result = note_call(wide(call), record);
    return result != S_OK ? result : record.get(L"firewall") == L"no-service" ? service_off : S_OK;
}
inline HRESULT may_write(const std::string& call = __builtin_FUNCTION())
{
    HRESULT reads = may_read(call);
    return reads != S_OK ? reads : windows().get(L"firewall") == L"denied" ? E_ACCESSDENIED : S_OK;
}

// "There may be a small time lag before the newly-added rule is applied" (INetFwRule): lag is the number of reads that do not show a new rule, and
// a rule's Unseen the number of those that are still to come.
inline std::vector<Record> seen_rules()
{
    auto all = read_records(L"rules.txt");
    std::vector<Record> seen;
    bool late = false;
    for (auto& record : all)
    {
        long unseen = record.number(L"Unseen");
        if (unseen == 0)
            seen.push_back(record);
        else if (late = true; unseen == 1)
            record.remove(L"Unseen");
        else
            record.set(L"Unseen", std::to_wstring(unseen - 1));
    }
    if (late)
        write_records(L"rules.txt", all);
    return seen;
}

inline bool same(const std::wstring& a, const std::wstring& b) { return _wcsicmp(a.c_str(), b.c_str()) == 0; }

inline bool valid_port(const std::wstring& part, const Record& rule)
{
    bool udp = rule.number(L"Protocol") == 17, in = rule.number(L"Direction") == NET_FW_RULE_DIR_IN;
    if (same(part, L"Teredo"))
        return udp && in;
    if (same(part, L"RPC") || same(part, L"RPC-EPMap"))
        return !udp && in;
    wchar_t* end;
    long first = wcstol(part.c_str(), &end, 10), last = *end == L'-' ? wcstol(end + 1, &end, 10) : first;
    return *end == L'\0' && end != part.c_str() && first >= 0 && first <= last && last <= 65535;
}

inline bool valid_ports(const std::wstring& ports, const Record& rule)
{
    if (ports.empty() || ports == L"*")
        return true;
    long protocol = rule.number(L"Protocol");
    if (protocol != 6 && protocol != 17)
        return false;
    for (size_t at = 0; at <= ports.size();)
    {
        size_t end = std::min(ports.find(L',', at), ports.size());
        if (!valid_port(ports.substr(at, end - at), rule))
            return false;
        at = end + 1;
    }
    return true;
}

// What Windows checks each time a property is set; the name only once the rule is stored.
inline HRESULT check(const Record& rule, bool stored)
{
    auto has = [&](const wchar_t* key, const wchar_t* forbidden) { return rule.get(key).find_first_of(forbidden) != std::wstring::npos; };
    long protocol = rule.number(L"Protocol"), edge = rule.number(L"EdgeTraversalOptions");
    bool named = !rule.get(L"Name").empty() && !same(rule.get(L"Name"), L"all");
    bool ports = !rule.get(L"LocalPorts").empty() && rule.get(L"LocalPorts") != L"*";
    bool valid = (named || !stored) && !has(L"Name", L"|") && !has(L"Description", L"|") && !has(L"Grouping", L"|")
        && !has(L"ApplicationName", L"/*?\"<>|") && rule.get(L"ApplicationName").size() < 260
        && valid_ports(rule.get(L"LocalPorts"), rule) && valid_ports(rule.get(L"RemotePorts"), rule)
        && (rule.get(L"IcmpTypesAndCodes").empty() || rule.get(L"IcmpTypesAndCodes") == L"*" || protocol == 1 || protocol == 58)
        && edge >= 0 && edge <= 3 && (edge == 0 || rule.number(L"Direction") == NET_FW_RULE_DIR_IN)
        && (edge != 3 || (!rule.get(L"ApplicationName").empty() && (protocol == 6 || protocol == 17) && !ports));
    return valid ? S_OK : E_INVALIDARG;
}

#define GETTER(NAME, TYPE, ANSWER) \
    HRESULT STDMETHODCALLTYPE get_##NAME(TYPE* value) override \
    { \
        *value = {}; \
        HRESULT noted = note_call(L"get_" L## #NAME); \
        return noted != S_OK ? noted : ANSWER; \
    }
#define TEXT_PROPERTY(NAME) \
    GETTER(NAME, BSTR, give(value, fields.get(L## #NAME))) \
    HRESULT STDMETHODCALLTYPE put_##NAME(BSTR value) override { return set(L## #NAME, text_of(value)); }
// The pages name "*" for "any", and say nothing of a null: this one refuses it.
#define LIMIT_PROPERTY(NAME) \
    GETTER(NAME, BSTR, give(value, fields.get(L## #NAME))) \
    HRESULT STDMETHODCALLTYPE put_##NAME(BSTR value) override { return value ? set(L## #NAME, text_of(value)) : E_INVALIDARG; }
#define NUMBER_PROPERTY(NAME, TYPE) \
    GETTER(NAME, TYPE, (*value = (TYPE)fields.number(L## #NAME), S_OK)) \
    HRESULT STDMETHODCALLTYPE put_##NAME(TYPE value) override { return set(L## #NAME, std::to_wstring((long)value)); }
#define FLAG_PROPERTY(NAME) \
    GETTER(NAME, VARIANT_BOOL, give(value, fields.number(L## #NAME) != 0)) \
    HRESULT STDMETHODCALLTYPE put_##NAME(VARIANT_BOOL value) override { return set(L## #NAME, value ? L"1" : L"0"); }

struct Rule : DispatchObject<INetFwRule3>
{
    Record fields;
    bool stored = false;

    Rule()
    {
        for (auto& [key, value] : std::vector<std::pair<std::wstring, std::wstring>>{
            {L"Id", L""}, {L"Name", L""}, {L"Protocol", L"256"}, {L"Direction", L"1"}, {L"Enabled", L"0"}, {L"Action", L"1"},
            {L"EdgeTraversalOptions", L"0"}, {L"Profiles", L"2147483647"}, {L"LocalAddresses", L"*"}, {L"RemoteAddresses", L"*"},
            {L"InterfaceTypes", L"All"}})
            fields.set(key, value);
    }
    explicit Rule(const Record& record) : fields(record), stored(true) {}

    bool is(REFIID id) override
    {
        return IsEqualIID(id, IID_IDispatch) || IsEqualIID(id, IID_INetFwRule) || IsEqualIID(id, IID_INetFwRule2) || IsEqualIID(id, IID_INetFwRule3);
    }

    // A stored rule is changed in the store at once, and each property for itself.
    HRESULT set(const std::wstring& key, const std::wstring& value)
    {
        Record changed = fields;
        changed.set(key, value);
        HRESULT result = stored ? may_write("put_" + narrow(key)) : note_call(L"put_" + key);
        if (result == S_OK)
            result = check(changed, stored);
        if (result != S_OK)
            return result;
        auto all = read_records(L"rules.txt");
        for (auto& record : all)
            if (stored && record.get(L"Id") == fields.get(L"Id"))
                record.set(key, value);
        if (stored)
            write_records(L"rules.txt", all);
        fields = changed;
        return S_OK;
    }

    TEXT_PROPERTY(Name) TEXT_PROPERTY(Description) TEXT_PROPERTY(ApplicationName) TEXT_PROPERTY(ServiceName)
    NUMBER_PROPERTY(Protocol, LONG) LIMIT_PROPERTY(LocalPorts) LIMIT_PROPERTY(RemotePorts) LIMIT_PROPERTY(LocalAddresses)
    LIMIT_PROPERTY(RemoteAddresses) LIMIT_PROPERTY(IcmpTypesAndCodes) NUMBER_PROPERTY(Direction, NET_FW_RULE_DIRECTION)
    TEXT_PROPERTY(InterfaceTypes) FLAG_PROPERTY(Enabled) TEXT_PROPERTY(Grouping) NUMBER_PROPERTY(Profiles, LONG)
    NUMBER_PROPERTY(Action, NET_FW_ACTION) NUMBER_PROPERTY(EdgeTraversalOptions, LONG)
    TEXT_PROPERTY(LocalAppPackageId) TEXT_PROPERTY(LocalUserOwner) TEXT_PROPERTY(LocalUserAuthorizedList)
    TEXT_PROPERTY(RemoteUserAuthorizedList) TEXT_PROPERTY(RemoteMachineAuthorizedList) NUMBER_PROPERTY(SecureFlags, LONG)

    HRESULT STDMETHODCALLTYPE get_EdgeTraversal(VARIANT_BOOL* value) override { return give(value, fields.number(L"EdgeTraversalOptions") != 0); }
    HRESULT STDMETHODCALLTYPE put_EdgeTraversal(VARIANT_BOOL value) override { return set(L"EdgeTraversalOptions", value ? L"1" : L"0"); }

    // A VARIANT with an array of VARIANT strings; in the store separated by semicolons.
    HRESULT STDMETHODCALLTYPE get_Interfaces(VARIANT* value) override
    {
        VariantInit(value);
        std::wstring names = fields.get(L"Interfaces");
        if (names.empty())
            return S_OK;
        LONG count = 1 + (LONG)std::count(names.begin(), names.end(), L';'), index = 0;
        value->vt = VT_ARRAY | VT_VARIANT;
        value->parray = SafeArrayCreateVector(VT_VARIANT, 0, count);
        for (size_t at = 0; index < count; index++)
        {
            size_t end = std::min(names.find(L';', at), names.size());
            VARIANT name;
            name.vt = VT_BSTR;
            name.bstrVal = SysAllocStringLen(names.data() + at, (UINT)(end - at));
            SafeArrayPutElement(value->parray, &index, &name);
            VariantClear(&name);
            at = end + 1;
        }
        return S_OK;
    }
    HRESULT STDMETHODCALLTYPE put_Interfaces(VARIANT value) override
    {
        if (value.vt == VT_EMPTY)
            return set(L"Interfaces", L"");
        LONG last;
        if (value.vt != (VT_ARRAY | VT_VARIANT) || SafeArrayGetUBound(value.parray, 1, &last) != S_OK)
            return E_INVALIDARG;
        std::wstring names;
        for (LONG index = 0; index <= last; index++)
        {
            VARIANT name;
            VariantInit(&name);
            if (SafeArrayGetElement(value.parray, &index, &name) != S_OK || name.vt != VT_BSTR)
                return E_INVALIDARG;
            names += (index ? L";" : L"") + text_of(name.bstrVal);
            VariantClear(&name);
        }
        return set(L"Interfaces", names);
    }
};

struct Rules : DispatchObject<INetFwRules>
{
    HRESULT STDMETHODCALLTYPE get_Count(LONG* count) override { *count = (LONG)seen_rules().size(); return may_read(); }

    HRESULT STDMETHODCALLTYPE Add(INetFwRule* rule) override
    {
        HRESULT result = may_write();
        auto* added = static_cast<Rule*>(rule); // a client can only have made it here
        if (result == S_OK)
            result = check(added->fields, true);
        if (result != S_OK)
            return result;
        auto all = read_records(L"rules.txt");
        long last = 0;
        for (auto& record : all)
            last = std::max(last, record.number(L"Id"));
        added->fields.set(L"Id", std::to_wstring(last + 1));
        added->stored = true;
        all.push_back(added->fields);
        if (long lag = windows().number(L"lag"); lag > 0)
            all.back().set(L"Unseen", std::to_wstring(lag));
        write_records(L"rules.txt", all);
        return S_OK;
    }

    // "Removes a rule from the collection" (INetFwRules::Remove): which one, and whether all of a name, no page says. One, unless remove=all.
    HRESULT STDMETHODCALLTYPE Remove(BSTR name) override
    {
        HRESULT result = may_write();
        if (result != S_OK)
            return result;
        auto all = read_records(L"rules.txt");
        auto is_named = [&](auto& record) { return same(record.get(L"Name"), text_of(name)); };
        auto found = std::find_if(all.begin(), all.end(), is_named);
        if (windows().get(L"remove") == L"all")
            all.erase(std::remove_if(found, all.end(), is_named), all.end());
        else if (found != all.end())
            all.erase(found);
        write_records(L"rules.txt", all);
        return S_OK;
    }

    HRESULT STDMETHODCALLTYPE Item(BSTR name, INetFwRule** rule) override
    {
        *rule = nullptr;
        if (HRESULT result = may_read(); result != S_OK)
            return result;
        for (auto& record : seen_rules())
            if (same(record.get(L"Name"), text_of(name)))
            {
                *rule = new Rule(record);
                return S_OK;
            }
        return HRESULT_FROM_WIN32(ERROR_FILE_NOT_FOUND);
    }

    HRESULT STDMETHODCALLTYPE get__NewEnum(IUnknown** enumeration) override
    {
        *enumeration = nullptr;
        if (HRESULT result = may_read(); result != S_OK)
            return result;
        std::vector<IDispatch*> rules;
        for (auto& record : seen_rules())
            rules.push_back(new Rule(record));
        *enumeration = new Enumeration(rules);
        return S_OK;
    }
};
