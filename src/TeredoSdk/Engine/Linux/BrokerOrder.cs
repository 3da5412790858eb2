using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using System.Text;
using TeredoSdk.Machine.Linux;

namespace TeredoSdk.Engine.Linux;

/// <summary>Everything that the broker's child process reads and writes, in native memory.</summary>
[SupportedOSPlatform("linux")]
unsafe struct BrokerOrder
{
    const int MaxRequests = 8;

    public Calls* Functions;
    public bool IsRehearsal;
    public int UserNamespace, NetworkNamespace;
    public int Channel; // the socket that the descriptors are sent over
    public int Count;
    public NativeRequest* Requests;
    public int GapOctets;
    public byte* Gap;
    public int One;
    public Libc.MsgHdr Message;
    public Libc.IoVec Vector;
    public RightsMessage Rights;
    public NamespaceBroker.Step Step;
    public int Errno;
    public int Domain; // of the last socket that was asked for

    public static BrokerOrder* Create(Calls* functions, ReadOnlySpan<NamespaceBroker.DescriptorRequest> requests)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(requests.Length, MaxRequests);
        var order = (BrokerOrder*)NativeMemory.AllocZeroed((nuint)sizeof(BrokerOrder));
        order->Functions = functions;
        (order->Count, order->One, order->GapOctets) = (requests.Length, 1, 4096);
        order->Requests = (NativeRequest*)NativeMemory.AllocZeroed((nuint)requests.Length, (nuint)sizeof(NativeRequest));
        for (int i = 0; i < requests.Length; i++)
        {
            var (domain, typeOrFlags, protocol, path) = requests[i];
            bool isV6Only = domain == Libc.AF_INET6 && (typeOrFlags & Libc.SOCK_TYPE_MASK) != Libc.SOCK_RAW; // a raw socket has no such option
            order->Requests[i] = new() { Domain = domain, TypeOrFlags = typeOrFlags, Protocol = protocol, IsV6Only = isV6Only, Path = ToNative(path) };
        }
        order->Vector = new() { Base = &order->One, Length = 1 };
        order->Rights.Header = new()
        {
            Length = (nuint)(sizeof(Libc.CmsgHdr) + sizeof(int) * requests.Length),
            Level = Libc.SOL_SOCKET,
            Type = Libc.SCM_RIGHTS,
        };
        order->Message = new() { Vectors = &order->Vector, VectorCount = 1, Control = &order->Rights, ControlLength = order->Rights.Header.Length };
        return order;
    }

    public static void Free(BrokerOrder* order)
    {
        for (int i = 0; i < order->Count; i++)
            NativeMemory.Free(order->Requests[i].Path);
        NativeMemory.Free(order->Requests);
        NativeMemory.Free(order);
    }

    /// <summary>The functions that the child calls. The table is never freed.</summary>
    public static Calls* FindFunctions()
    {
        var calls = (Calls*)NativeMemory.Alloc((nuint)sizeof(Calls));
        calls->VFork = (delegate* unmanaged[SuppressGCTransition]<int>)Libc.AddressOf("vfork");
        calls->Exit = (delegate* unmanaged[SuppressGCTransition]<int, void>)Libc.AddressOf("_exit");
        calls->ErrnoLocation = (delegate* unmanaged[SuppressGCTransition]<int*>)Libc.AddressOf("__errno_location");
        calls->SetNamespace = (delegate* unmanaged[SuppressGCTransition]<int, int, int>)Libc.AddressOf("setns");
        calls->Open = (delegate* unmanaged[SuppressGCTransition]<byte*, int, int>)Libc.AddressOf("open");
        calls->Socket = (delegate* unmanaged[SuppressGCTransition]<int, int, int, int>)Libc.AddressOf("socket");
        calls->SetOption = (delegate* unmanaged[SuppressGCTransition]<int, int, int, void*, uint, int>)Libc.AddressOf("setsockopt");
        calls->SendMessage = (delegate* unmanaged[SuppressGCTransition]<int, Libc.MsgHdr*, int, nint>)Libc.AddressOf("sendmsg");
        return calls;
    }

    static byte* ToNative(string? text)
    {
        if (text is null)
            return null;
        int length = Encoding.UTF8.GetByteCount(text);
        var native = (byte*)NativeMemory.AllocZeroed((nuint)length + 1);
        Encoding.UTF8.GetBytes(text, new Span<byte>(native, length));
        return native;
    }

    public struct NativeRequest
    {
        public int Domain, TypeOrFlags, Protocol;
        public bool IsV6Only;
        public byte* Path; // null when the request is for a socket
    }

    [StructLayout(LayoutKind.Sequential)]
    public struct RightsMessage
    {
        public Libc.CmsgHdr Header;
        public fixed int Descriptors[MaxRequests];
    }

    public struct Calls
    {
        public delegate* unmanaged[SuppressGCTransition]<int> VFork;
        public delegate* unmanaged[SuppressGCTransition]<int, void> Exit;
        public delegate* unmanaged[SuppressGCTransition]<int*> ErrnoLocation;
        public delegate* unmanaged[SuppressGCTransition]<int, int, int> SetNamespace;
        public delegate* unmanaged[SuppressGCTransition]<byte*, int, int> Open;
        public delegate* unmanaged[SuppressGCTransition]<int, int, int, int> Socket;
        public delegate* unmanaged[SuppressGCTransition]<int, int, int, void*, uint, int> SetOption;
        public delegate* unmanaged[SuppressGCTransition]<int, Libc.MsgHdr*, int, nint> SendMessage;
    }
}
