// wscapi.dll: what Windows Security says of the firewall. windows.txt: health=0..3, or wscsvc=stopped.
#include "records.h"

EXPORT HRESULT WINAPI WscGetSecurityProviderHealth(DWORD providers, int* health)
{
    constexpr DWORD firewall = 1;
    constexpr int poor = 2;
    if (providers != firewall)
        return E_INVALIDARG;
    bool stopped = windows().get(L"wscsvc") == L"stopped";
    *health = stopped ? poor : (int)windows().number(L"health");
    return stopped ? S_FALSE : S_OK;
}
