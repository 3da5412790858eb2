using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using TeredoSdk.Windows.Native.Com;

namespace TeredoSdk.Windows.Native.Cim;

/// <summary>The CIM namespace with Windows' Teredo classes (Windows 8 and later). Used only on the COM thread.</summary>
[SupportedOSPlatform("windows")]
sealed partial class CimNamespace
{
    public const int WBEM_E_ACCESS_DENIED = unchecked((int)0x80041003), E_ACCESSDENIED = unchecked((int)0x80070005);     // wbemcli.h, winerror.h
    public const int WBEM_E_NOT_FOUND = unchecked((int)0x80041002);
    const int WBEM_E_INVALID_NAMESPACE = unchecked((int)0x8004100E);
    const int WBEM_E_INVALID_CLASS = unchecked((int)0x80041010), REGDB_E_CLASSNOTREG = unchecked((int)0x80040154);
    const int E_NOINTERFACE = unchecked((int)0x80004002);
    const int WBEM_FLAG_UPDATE_ONLY = 1, WBEM_FLAG_RETURN_IMMEDIATELY = 0x10, WBEM_FLAG_FORWARD_ONLY = 0x20;
    const int WBEM_FLAG_CONNECT_USE_MAX_WAIT = 0x80; // without it, a broken service would block the call forever
    const int TimeoutMilliseconds = 10_000, WBEM_S_TIMEDOUT = 0x40004;
    const uint RPC_C_AUTHN_DEFAULT = 0xFFFFFFFF, RPC_C_AUTHZ_DEFAULT = 0xFFFFFFFF;    // rpcdce.h
    const uint RPC_C_AUTHN_LEVEL_CALL = 3, RPC_C_IMP_LEVEL_IMPERSONATE = 3;           // rpcdce.h
    const string Path = @"root\StandardCimv2";

    static readonly Guid WbemLocator = new("4590f811-1d3a-11d0-891f-00aa004b2e24");

    readonly IWbemServices _services;

    CimNamespace(IWbemServices services) => _services = services;

    /// <exception cref="CimException">The namespace does not exist, or this process may not use it.</exception>
    public static CimNamespace Connect()
    {
        var locator = ComActivation.Create<IWbemLocator>(WbemLocator);
        Check("IWbemLocator.ConnectServer " + Path,
            locator.ConnectServer(Path, null, null, null, WBEM_FLAG_CONNECT_USE_MAX_WAIT, null, 0, out nint services));
        Impersonate(services);
        return new(ComActivation.Take<IWbemServices>(services));
    }

    /// <summary>The first instance of a class, or null when the class has none.</summary>
    /// <exception cref="CimException">The class does not exist, or this process may not read it.</exception>
    public CimInstance? FindFirst(string type)
    {
        string call = "IWbemServices.CreateInstanceEnum " + type;
        Check(call, _services.CreateInstanceEnum(type, WBEM_FLAG_FORWARD_ONLY | WBEM_FLAG_RETURN_IMMEDIATELY, 0, out nint found));
        Impersonate(found);
        var instances = ComActivation.Take<IEnumWbemClassObject>(found);
        int result = instances.Next(TimeoutMilliseconds, 1, out nint instance, out uint count);
        Check(call, result);
        if (result == WBEM_S_TIMEDOUT)
            throw new CimException($"{call} gave no answer within {TimeoutMilliseconds / 1000} s", result);
        return count == 0 ? null : new(ComActivation.Take<IWbemClassObject>(instance));
    }

    /// <exception cref="CimException">This process may not write the instance.</exception>
    public void Update(CimInstance instance) =>
        Check("IWbemServices.PutInstance", _services.PutInstance(instance.Native, WBEM_FLAG_UPDATE_ONLY, 0, 0));

    /// <summary>A sentence about a call that failed. <paramref name="meaning"/> says what follows from the failure.</summary>
    public static string Explain(Exception failure, string meaning) => failure.HResult switch
    {
        WBEM_E_INVALID_NAMESPACE => $@"This system has no CIM namespace {Path} (Windows before 8 lacks it), so {meaning}.",
        WBEM_E_INVALID_CLASS or WBEM_E_NOT_FOUND => $"{failure.Message}: this system has no such class (Windows before 8 lacks it), so {meaning}.",
        REGDB_E_CLASSNOTREG => $"This system has no CIM (the class WbemLocator is not registered), so {meaning}.",
        WBEM_E_ACCESS_DENIED or E_ACCESSDENIED => $"{failure.Message} needs more rights than this process has, so {meaning}.",
        _ => $"{failure.Message} failed (0x{failure.HResult:X8}), so {meaning}.",
    };

    /// <summary>Whether an exception comes from a call to this namespace.</summary>
    public static bool IsFailure(Exception failure) =>
        failure is CimException or COMException or UnauthorizedAccessException or InvalidCastException or NotImplementedException or ArgumentException
        || NativeCall.IsAbsence(failure);

    /// <exception cref="CimException">The call failed.</exception>
    public static void Check(string call, int result)
    {
        if (result < 0)
            throw new CimException(call, result);
    }

    // The provider checks the caller's rights, so it must impersonate the caller. An object inside this process (not a proxy) has no such setting.
    static void Impersonate(nint proxy)
    {
        int result = CoSetProxyBlanket(
            proxy, RPC_C_AUTHN_DEFAULT, RPC_C_AUTHZ_DEFAULT, 0, RPC_C_AUTHN_LEVEL_CALL, RPC_C_IMP_LEVEL_IMPERSONATE, 0, 0);
        if (result is >= 0 or E_NOINTERFACE)
            return;
        Marshal.Release(proxy);
        throw new CimException("CoSetProxyBlanket", result);
    }

    [LibraryImport("ole32")]
    private static partial int CoSetProxyBlanket(nint proxy, uint authentication, uint authorization, nint principal, uint authenticationLevel,
        uint impersonationLevel, nint identity, uint capabilities);
}
