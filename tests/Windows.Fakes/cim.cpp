// cim.dll: the locator of CIM with the two Teredo classes of root\StandardCimv2. windows.txt:
//   type, servername, clientport, refreshinterval, state, error   cim=missing|denied
#include <initguid.h>
#include <wbemcli.h>
#include "com.h"

static const wchar_t* const type_names[] = {L"default", L"relay", L"client", L"server", L"disabled", L"automatic", L"enterpriseclient",
    L"natawareclient"};
constexpr long type_count = sizeof type_names / sizeof *type_names;

#define NOT_HERE(NAME, ...) HRESULT STDMETHODCALLTYPE NAME(__VA_ARGS__) override { return E_NOTIMPL; }

// The configuration's numbers are CIM's; netsh's words for the same are in windows.txt.
struct Instance : Object<IWbemClassObject>
{
    bool is_state;
    Record fields;

    explicit Instance(bool state) : is_state(state)
    {
        Record record = windows();
        if (state)
        {
            fields.set(L"State", record.get(L"state", L"qualified"));
            fields.set(L"Error", record.get(L"error"));
            return;
        }
        long number = 0;
        for (long i = 0; i < type_count; i++)
            if (record.get(L"type", L"default") == type_names[i])
                number = i;
        fields.set(L"Type", std::to_wstring(number));
        fields.set(L"ServerName", record.get(L"servername"));
        fields.set(L"ClientPort", record.get(L"clientport", L"0"));
        fields.set(L"RefreshIntervalSeconds", record.get(L"refreshinterval", L"30"));
        fields.set(L"DefaultQualified", L"0");
    }

    static bool is_number(const std::wstring& name) { return name == L"Type" || name == L"ClientPort" || name == L"RefreshIntervalSeconds"; }

    HRESULT STDMETHODCALLTYPE Get(LPCWSTR name, LONG, VARIANT* value, CIMTYPE* type, LONG* flavor) override
    {
        if (!fields.has(name))
            return WBEM_E_NOT_FOUND;
        VariantInit(value);
        CIMTYPE kind = is_number(name) ? CIM_UINT32 : name == std::wstring(L"DefaultQualified") ? CIM_BOOLEAN : CIM_STRING;
        value->vt = kind == CIM_UINT32 ? VT_I4 : kind == CIM_BOOLEAN ? VT_BOOL : fields.get(name).empty() ? VT_NULL : VT_BSTR;
        if (value->vt == VT_I4)
            value->lVal = fields.number(name);
        else if (value->vt == VT_BOOL)
            value->boolVal = VARIANT_FALSE;
        else if (value->vt == VT_BSTR)
            give(&value->bstrVal, fields.get(name));
        if (type)
            *type = kind;
        if (flavor)
            *flavor = 0;
        return S_OK;
    }

    HRESULT STDMETHODCALLTYPE Put(LPCWSTR name, LONG, VARIANT* value, CIMTYPE) override
    {
        if (!fields.has(name))
            return WBEM_E_NOT_FOUND;
        if (is_number(name) != (value->vt == VT_I4))
            return WBEM_E_TYPE_MISMATCH;
        fields.set(name, value->vt == VT_I4 ? std::to_wstring(value->lVal) : value->vt == VT_BSTR ? text_of(value->bstrVal) : L"");
        return S_OK;
    }

    // What is given is the active store's, and so is what is put.
    HRESULT save() const
    {
        long type = fields.number(L"Type");
        if (is_state || type < 0 || type >= type_count || fields.number(L"ClientPort") < 0 || fields.number(L"ClientPort") > 65535)
            return WBEM_E_INVALID_PARAMETER;
        set_active(L"type", type_names[type]);
        set_active(L"servername", fields.get(L"ServerName"));
        set_active(L"clientport", fields.get(L"ClientPort"));
        set_active(L"refreshinterval", fields.get(L"RefreshIntervalSeconds"));
        return S_OK;
    }

    // The Managed Object Format, without qualifiers.
    HRESULT STDMETHODCALLTYPE GetObjectText(LONG, BSTR* text) override
    {
        std::wstring all = std::wstring(L"\ninstance of ") + (is_state ? L"MSFT_NetTeredoState" : L"MSFT_NetTeredoConfiguration") + L"\n{\n";
        for (auto& field : fields.fields)
            all += L"\t" + field.first + L" = " + (is_number(field.first.c_str()) ? field.second : L"\"" + field.second + L"\"") + L";\n";
        return give(text, all + L"};\n");
    }

    NOT_HERE(GetQualifierSet, IWbemQualifierSet**) NOT_HERE(Delete, LPCWSTR) NOT_HERE(GetNames, LPCWSTR, LONG, VARIANT*, SAFEARRAY**)
    NOT_HERE(BeginEnumeration, LONG) NOT_HERE(Next, LONG, BSTR*, VARIANT*, CIMTYPE*, LONG*) NOT_HERE(EndEnumeration)
    NOT_HERE(GetPropertyQualifierSet, LPCWSTR, IWbemQualifierSet**) NOT_HERE(Clone, IWbemClassObject**)
    NOT_HERE(SpawnDerivedClass, LONG, IWbemClassObject**) NOT_HERE(SpawnInstance, LONG, IWbemClassObject**)
    NOT_HERE(CompareTo, LONG, IWbemClassObject*) NOT_HERE(GetPropertyOrigin, LPCWSTR, BSTR*) NOT_HERE(InheritsFrom, LPCWSTR)
    NOT_HERE(GetMethod, LPCWSTR, LONG, IWbemClassObject**, IWbemClassObject**)
    NOT_HERE(PutMethod, LPCWSTR, LONG, IWbemClassObject*, IWbemClassObject*)
    NOT_HERE(DeleteMethod, LPCWSTR) NOT_HERE(BeginMethodEnumeration, LONG)
    NOT_HERE(NextMethod, LONG, BSTR*, IWbemClassObject**, IWbemClassObject**) NOT_HERE(EndMethodEnumeration)
    NOT_HERE(GetMethodQualifierSet, LPCWSTR, IWbemQualifierSet**) NOT_HERE(GetMethodOrigin, LPCWSTR, BSTR*)
};

struct Instances : Object<IEnumWbemClassObject>
{
    bool is_state, given = false;
    explicit Instances(bool state) : is_state(state) {}

    // A client that is switched off has no state.
    bool is_empty() const
    {
        std::wstring type = windows().get(L"type", L"default");
        return given || (is_state && (type == L"disabled" || type == L"default"));
    }
    HRESULT STDMETHODCALLTYPE Next(LONG, ULONG, IWbemClassObject** instances, ULONG* count) override
    {
        *count = is_empty() ? 0 : 1;
        instances[0] = *count ? new Instance(is_state) : nullptr;
        given = true;
        return *count ? WBEM_S_NO_ERROR : WBEM_S_FALSE;
    }
    NOT_HERE(Reset) NOT_HERE(NextAsync, ULONG, IWbemObjectSink*) NOT_HERE(Clone, IEnumWbemClassObject**) NOT_HERE(Skip, LONG, ULONG)
};

struct Services : Object<IWbemServices>
{
    HRESULT STDMETHODCALLTYPE CreateInstanceEnum(const BSTR type, LONG, IWbemContext*, IEnumWbemClassObject** instances) override
    {
        std::wstring name = type;
        bool known = name == L"MSFT_NetTeredoState" || name == L"MSFT_NetTeredoConfiguration";
        *instances = known ? new Instances(name == L"MSFT_NetTeredoState") : nullptr;
        return known ? S_OK : (HRESULT)WBEM_E_INVALID_CLASS;
    }
    HRESULT STDMETHODCALLTYPE PutInstance(IWbemClassObject* instance, LONG, IWbemContext*, IWbemCallResult**) override
    {
        return windows().get(L"cim") == L"denied" ? (HRESULT)WBEM_E_ACCESS_DENIED : static_cast<Instance*>(instance)->save();
    }
    NOT_HERE(OpenNamespace, const BSTR, LONG, IWbemContext*, IWbemServices**, IWbemCallResult**) NOT_HERE(CancelAsyncCall, IWbemObjectSink*)
    NOT_HERE(QueryObjectSink, LONG, IWbemObjectSink**) NOT_HERE(GetObject, const BSTR, LONG, IWbemContext*, IWbemClassObject**, IWbemCallResult**)
    NOT_HERE(GetObjectAsync, const BSTR, LONG, IWbemContext*, IWbemObjectSink*)
    NOT_HERE(PutClass, IWbemClassObject*, LONG, IWbemContext*, IWbemCallResult**)
    NOT_HERE(PutClassAsync, IWbemClassObject*, LONG, IWbemContext*, IWbemObjectSink*)
    NOT_HERE(DeleteClass, const BSTR, LONG, IWbemContext*, IWbemCallResult**)
    NOT_HERE(DeleteClassAsync, const BSTR, LONG, IWbemContext*, IWbemObjectSink*)
    NOT_HERE(CreateClassEnum, const BSTR, LONG, IWbemContext*, IEnumWbemClassObject**)
    NOT_HERE(CreateClassEnumAsync, const BSTR, LONG, IWbemContext*, IWbemObjectSink*)
    NOT_HERE(PutInstanceAsync, IWbemClassObject*, LONG, IWbemContext*, IWbemObjectSink*)
    NOT_HERE(DeleteInstance, const BSTR, LONG, IWbemContext*, IWbemCallResult**)
    NOT_HERE(DeleteInstanceAsync, const BSTR, LONG, IWbemContext*, IWbemObjectSink*)
    NOT_HERE(CreateInstanceEnumAsync, const BSTR, LONG, IWbemContext*, IWbemObjectSink*)
    NOT_HERE(ExecQuery, const BSTR, const BSTR, LONG, IWbemContext*, IEnumWbemClassObject**)
    NOT_HERE(ExecQueryAsync, const BSTR, const BSTR, LONG, IWbemContext*, IWbemObjectSink*)
    NOT_HERE(ExecNotificationQuery, const BSTR, const BSTR, LONG, IWbemContext*, IEnumWbemClassObject**)
    NOT_HERE(ExecNotificationQueryAsync, const BSTR, const BSTR, LONG, IWbemContext*, IWbemObjectSink*)
    NOT_HERE(ExecMethod, const BSTR, const BSTR, LONG, IWbemContext*, IWbemClassObject*, IWbemClassObject**, IWbemCallResult**)
    NOT_HERE(ExecMethodAsync, const BSTR, const BSTR, LONG, IWbemContext*, IWbemClassObject*, IWbemObjectSink*)
};

struct Locator : Object<IWbemLocator>
{
    HRESULT STDMETHODCALLTYPE ConnectServer(const BSTR path, const BSTR, const BSTR, const BSTR, LONG, const BSTR, IWbemContext*,
        IWbemServices** services) override
    {
        bool known = _wcsicmp(path, L"root\\StandardCimv2") == 0 && windows().get(L"cim") != L"missing";
        *services = known ? new Services : nullptr;
        return known ? S_OK : (HRESULT)WBEM_E_INVALID_NAMESPACE;
    }
};

EXPORT HRESULT WINAPI DllGetClassObject(REFCLSID type, REFIID id, void** object)
{
    if (IsEqualCLSID(type, CLSID_WbemLocator))
        return make_factory<Locator>(id, object);
    *object = nullptr;
    return CLASS_E_CLASSNOTAVAILABLE;
}

EXPORT HRESULT WINAPI DllCanUnloadNow() { return S_FALSE; }
