using System;
using System.Runtime.InteropServices;

// Source: netfw.h of the Windows SDK. Each interface has its members in vtable order, up to the last one that is needed. In COM interop, a bool is
// a VARIANT_BOOL and a string a BSTR by default. IntPtr is the type of members that only fill their slot.
namespace TeredoSdk.Xp;

enum NetFwScope
{
    All = 0,
    LocalSubnet = 1,
    Custom = 2,
}

[ComImport, Guid("f7898af5-cac4-4632-a2ec-da06e5111af2"), InterfaceType(ComInterfaceType.InterfaceIsDual)]
interface INetFwMgr
{
    INetFwPolicy LocalPolicy { get; }
}

[ComImport, Guid("d46d2478-9ac9-4008-9dc7-5563ce5536cc"), InterfaceType(ComInterfaceType.InterfaceIsDual)]
interface INetFwPolicy
{
    INetFwProfile CurrentProfile { get; }
}

[ComImport, Guid("174a0dda-e9f9-449d-993b-21ab667ca456"), InterfaceType(ComInterfaceType.InterfaceIsDual)]
interface INetFwProfile
{
    int Type { get; }
    bool FirewallEnabled { get; set; }
    bool ExceptionsNotAllowed { get; set; }
    bool NotificationsDisabled { get; set; }
    bool UnicastResponsesToMulticastBroadcastDisabled { get; set; }
    IntPtr RemoteAdminSettings { get; }
    IntPtr IcmpSettings { get; }
    INetFwOpenPorts GloballyOpenPorts { get; }
    IntPtr Services { get; }
    INetFwAuthorizedApplications AuthorizedApplications { get; }
}

[ComImport, Guid("c0e9d7fa-e07e-430a-b19a-090ce82d92e2"), InterfaceType(ComInterfaceType.InterfaceIsDual)]
interface INetFwOpenPorts
{
    int Count { get; }
    void Add(INetFwOpenPort port);
    void Remove(int portNumber, XpProtocol protocol);

    // A missing port is reported by the HRESULT, and not by an exception.
    [PreserveSig]
    int Item(int portNumber, XpProtocol protocol, out INetFwOpenPort? port);
}

[ComImport, Guid("e0483ba0-47ff-4d9c-a6d6-7741d0b195f7"), InterfaceType(ComInterfaceType.InterfaceIsDual)]
interface INetFwOpenPort
{
    string Name { get; set; }
    int IpVersion { get; set; }
    XpProtocol Protocol { get; set; }
    int Port { get; set; }
    NetFwScope Scope { get; set; }
    string RemoteAddresses { get; set; }
    bool Enabled { get; set; }
    bool BuiltIn { get; }
}

[ComImport, Guid("644efd52-ccf9-486c-97a2-39f352570b30"), InterfaceType(ComInterfaceType.InterfaceIsDual)]
interface INetFwAuthorizedApplications
{
    int Count { get; }
    void Add(INetFwAuthorizedApplication program);
    void Remove(string imageFileName);

    // As of a port.
    [PreserveSig]
    int Item(string imageFileName, out INetFwAuthorizedApplication? program);
}

[ComImport, Guid("b5e64ffa-c2c5-444e-a301-fb5e00018050"), InterfaceType(ComInterfaceType.InterfaceIsDual)]
interface INetFwAuthorizedApplication
{
    string Name { get; set; }
    string ProcessImageFileName { get; set; }
    int IpVersion { get; set; }
    NetFwScope Scope { get; set; }
    string RemoteAddresses { get; set; }
    bool Enabled { get; set; }
}
