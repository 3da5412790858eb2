// firewall.dll: the firewall's COM server for Wine. windows.txt says what it is like:
//   firewall=denied|no-service   enabled=0|1   block_all=0|1   profiles=MASK   modify_state=0|1|2   products=A;B
//   lag=READS   refuse_at=CALL   refuse_with=HRESULT
#include <initguid.h>
#include <algorithm>
#include "ports.h"

struct Policy2 : DispatchObject<INetFwPolicy2>
{
    HRESULT STDMETHODCALLTYPE get_CurrentProfileTypes(LONG* types) override { *types = windows().number(L"profiles", 4); return may_read(); }
    HRESULT STDMETHODCALLTYPE get_FirewallEnabled(NET_FW_PROFILE_TYPE2, VARIANT_BOOL* value) override
    {
        give(value, windows().number(L"enabled", 1) != 0);
        return may_read();
    }
    HRESULT STDMETHODCALLTYPE get_BlockAllInboundTraffic(NET_FW_PROFILE_TYPE2, VARIANT_BOOL* value) override
    {
        give(value, windows().number(L"block_all") != 0);
        return may_read();
    }
    HRESULT STDMETHODCALLTYPE get_DefaultInboundAction(NET_FW_PROFILE_TYPE2, NET_FW_ACTION* action) override
    {
        *action = NET_FW_ACTION_BLOCK;
        return may_read();
    }
    HRESULT STDMETHODCALLTYPE get_LocalPolicyModifyState(NET_FW_MODIFY_STATE* state) override
    {
        *state = (NET_FW_MODIFY_STATE)windows().number(L"modify_state");
        return may_read();
    }
    HRESULT STDMETHODCALLTYPE get_Rules(INetFwRules** rules) override
    {
        HRESULT result = may_read();
        *rules = result == S_OK ? new Rules : nullptr;
        return result;
    }
    NOT_HERE(put_FirewallEnabled, NET_FW_PROFILE_TYPE2, VARIANT_BOOL) NOT_HERE(get_ExcludedInterfaces, NET_FW_PROFILE_TYPE2, VARIANT*)
    NOT_HERE(put_ExcludedInterfaces, NET_FW_PROFILE_TYPE2, VARIANT) NOT_HERE(put_BlockAllInboundTraffic, NET_FW_PROFILE_TYPE2, VARIANT_BOOL)
    NOT_HERE(get_NotificationsDisabled, NET_FW_PROFILE_TYPE2, VARIANT_BOOL*) NOT_HERE(put_NotificationsDisabled, NET_FW_PROFILE_TYPE2, VARIANT_BOOL)
    NOT_HERE(get_UnicastResponsesToMulticastBroadcastDisabled, NET_FW_PROFILE_TYPE2, VARIANT_BOOL*)
    NOT_HERE(put_UnicastResponsesToMulticastBroadcastDisabled, NET_FW_PROFILE_TYPE2, VARIANT_BOOL)
    NOT_HERE(get_ServiceRestriction, INetFwServiceRestriction**) NOT_HERE(EnableRuleGroup, LONG, BSTR, VARIANT_BOOL)
    NOT_HERE(IsRuleGroupEnabled, LONG, BSTR, VARIANT_BOOL*) NOT_HERE(RestoreLocalFirewallDefaults)
    NOT_HERE(put_DefaultInboundAction, NET_FW_PROFILE_TYPE2, NET_FW_ACTION)
    NOT_HERE(get_DefaultOutboundAction, NET_FW_PROFILE_TYPE2, NET_FW_ACTION*) NOT_HERE(put_DefaultOutboundAction, NET_FW_PROFILE_TYPE2, NET_FW_ACTION)
    NOT_HERE(get_IsRuleGroupCurrentlyEnabled, BSTR, VARIANT_BOOL*)
};

struct Product : DispatchObject<INetFwProduct>
{
    std::wstring name;
    explicit Product(std::wstring display) : name(std::move(display)) {}
    HRESULT STDMETHODCALLTYPE get_DisplayName(BSTR* value) override { return give(value, name); }
    NOT_HERE(get_RuleCategories, VARIANT*) NOT_HERE(put_RuleCategories, VARIANT) NOT_HERE(put_DisplayName, BSTR)
    NOT_HERE(get_PathToSignedProductExe, BSTR*)
};

struct Products : DispatchObject<INetFwProducts>
{
    static std::vector<std::wstring> names()
    {
        std::vector<std::wstring> result;
        std::wstring all = windows().get(L"products");
        for (size_t at = 0; at < all.size();)
        {
            size_t end = std::min(all.find(L';', at), all.size());
            result.push_back(all.substr(at, end - at));
            at = end + 1;
        }
        return result;
    }
    HRESULT STDMETHODCALLTYPE get_Count(LONG* count) override { *count = (LONG)names().size(); return may_read(); }
    HRESULT STDMETHODCALLTYPE Item(LONG index, INetFwProduct** product) override
    {
        auto all = names();
        bool found = index >= 0 && index < (LONG)all.size();
        *product = found ? new Product(all[index]) : nullptr;
        return found ? S_OK : E_INVALIDARG;
    }
    HRESULT STDMETHODCALLTYPE get__NewEnum(IUnknown** enumeration) override
    {
        std::vector<IDispatch*> products;
        for (auto& name : names())
            products.push_back(new Product(name));
        *enumeration = new Enumeration(products);
        return S_OK;
    }
    NOT_HERE(Register, INetFwProduct*, IUnknown**)
};

// apartment.txt: STA or MTA, where the last object was made.
static void note_apartment()
{
    APTTYPE type;
    APTTYPEQUALIFIER qualifier;
    if (CoGetApartmentType(&type, &qualifier) == S_OK)
        write_text(L"apartment.txt", type == APTTYPE_STA || type == APTTYPE_MAINSTA ? L"STA" : L"MTA");
}

EXPORT HRESULT WINAPI DllGetClassObject(REFCLSID type, REFIID id, void** object)
{
    note_apartment();
    *object = nullptr;
    if (HRESULT result = note_call(L"DllGetClassObject"); result != S_OK)
        return result;
    if (IsEqualCLSID(type, CLSID_NetFwPolicy2))
        return make_factory<Policy2>(id, object);
    if (IsEqualCLSID(type, CLSID_NetFwRule))
        return make_factory<Rule>(id, object);
    if (IsEqualCLSID(type, CLSID_NetFwProducts))
        return make_factory<Products>(id, object);
    if (IsEqualCLSID(type, CLSID_NetFwMgr))
        return make_factory<Manager>(id, object);
    if (IsEqualCLSID(type, CLSID_NetFwOpenPort))
        return make_factory<OpenPort>(id, object);
    return CLASS_E_CLASSNOTAVAILABLE;
}

EXPORT HRESULT WINAPI DllCanUnloadNow() { return S_FALSE; }
