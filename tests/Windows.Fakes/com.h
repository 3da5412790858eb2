// The small part of COM that the fakes have: objects with IDispatch, enumerations, class factories.
#pragma once
#include "records.h"
#include <oleauto.h>

template <class I> struct Object : I
{
    LONG references = 1;

    virtual ~Object() = default;
    virtual bool is(REFIID id) { return IsEqualIID(id, __uuidof(I)); }

    HRESULT STDMETHODCALLTYPE QueryInterface(REFIID id, void** object) override
    {
        bool found = IsEqualIID(id, IID_IUnknown) || is(id);
        *object = found ? this : nullptr;
        if (found)
            this->AddRef();
        return found ? S_OK : E_NOINTERFACE;
    }
    ULONG STDMETHODCALLTYPE AddRef() override { return InterlockedIncrement(&references); }
    ULONG STDMETHODCALLTYPE Release() override
    {
        LONG left = InterlockedDecrement(&references);
        if (left == 0)
            delete this;
        return left;
    }
};

template <class I> struct DispatchObject : Object<I>
{
    bool is(REFIID id) override { return IsEqualIID(id, IID_IDispatch) || Object<I>::is(id); }
    HRESULT STDMETHODCALLTYPE GetTypeInfoCount(UINT* count) override { *count = 0; return S_OK; }
    HRESULT STDMETHODCALLTYPE GetTypeInfo(UINT, LCID, ITypeInfo**) override { return E_NOTIMPL; }
    HRESULT STDMETHODCALLTYPE GetIDsOfNames(REFIID, LPOLESTR*, UINT, LCID, DISPID*) override { return E_NOTIMPL; }
    HRESULT STDMETHODCALLTYPE Invoke(DISPID, REFIID, LCID, WORD, DISPPARAMS*, VARIANT*, EXCEPINFO*, UINT*) override { return E_NOTIMPL; }
};

// Owns the references that it is given.
struct Enumeration : Object<IEnumVARIANT>
{
    std::vector<IDispatch*> items;
    size_t at = 0;

    explicit Enumeration(std::vector<IDispatch*> all) : items(std::move(all)) {}
    ~Enumeration() { for (auto* item : items) item->Release(); }

    HRESULT STDMETHODCALLTYPE Next(ULONG count, VARIANT* values, ULONG* fetched) override
    {
        ULONG given = 0;
        for (; given < count && at < items.size(); given++)
        {
            VariantInit(&values[given]);
            values[given].vt = VT_DISPATCH;
            values[given].pdispVal = items[at++];
            values[given].pdispVal->AddRef();
        }
        if (fetched)
            *fetched = given;
        return given == count ? S_OK : S_FALSE;
    }
    HRESULT STDMETHODCALLTYPE Skip(ULONG count) override { at += count; return at <= items.size() ? S_OK : S_FALSE; }
    HRESULT STDMETHODCALLTYPE Reset() override { at = 0; return S_OK; }
    HRESULT STDMETHODCALLTYPE Clone(IEnumVARIANT**) override { return E_NOTIMPL; }
};

template <class T> struct Factory : Object<IClassFactory>
{
    HRESULT STDMETHODCALLTYPE CreateInstance(IUnknown* outer, REFIID id, void** object) override
    {
        *object = nullptr;
        if (outer)
            return CLASS_E_NOAGGREGATION;
        auto* created = new T;
        HRESULT result = created->QueryInterface(id, object);
        created->Release();
        return result;
    }
    HRESULT STDMETHODCALLTYPE LockServer(BOOL) override { return S_OK; }
};

template <class T> HRESULT make_factory(REFIID id, void** object)
{
    auto* factory = new Factory<T>;
    HRESULT result = factory->QueryInterface(id, object);
    factory->Release();
    return result;
}

// An absent text is a null string, as in Windows.
inline HRESULT give(BSTR* to, const std::wstring& text)
{
    *to = text.empty() ? nullptr : SysAllocStringLen(text.data(), (UINT)text.size());
    return S_OK;
}

inline std::wstring text_of(BSTR text) { return text ? std::wstring(text, SysStringLen(text)) : std::wstring(); }

inline HRESULT give(VARIANT_BOOL* to, bool value) { *to = value ? VARIANT_TRUE : VARIANT_FALSE; return S_OK; }
