using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;
using TeredoSdk.Machine.Linux;

namespace TeredoSdk.Engine.Linux;

/// <summary>Makes descriptors inside other namespaces: a child enters them, opens what was requested, sends the descriptors here and ends.</summary>
/// <remarks>
/// <para>A process with threads can't enter a user namespace, but a child of it can. The child comes from vfork: it runs as this very thread, with
/// the same stack and memory, under another process id, while the thread itself waits in the kernel. So nothing is copied, and the runtime may
/// be in any state: when the child meets a garbage collection, it waits until the collection ends, as the thread would.</para>
/// <para>Four rules keep this sound. <see cref="Fork"/> is entered through native code, so that no register which survives the call holds
/// a reference that a collection could move. The child leaves a gap on the stack below the frames to which the thread
/// returns. The child calls nothing but system calls, without transitions. Every signal is blocked for both.</para>
/// </remarks>
[SupportedOSPlatform("linux")]
static unsafe class NamespaceBroker
{
    /// <summary>A request for a descriptor: a socket or, when there is a path, a file opened with flags.</summary>
    public readonly record struct DescriptorRequest(int Domain, int TypeOrFlags, int Protocol, string? Path = null)
    {
        public static DescriptorRequest File(string path, int flags) => new(0, flags, 0, path);
    }

    public enum Step
    {
        None,
        Fork,
        EnterUserNamespace,
        EnterNetworkNamespace,
        Open,
        CreateSocket,
        SetOption,
        Send,
        Receive,
        Done,
    }

    /// <summary>A step that failed, and its errno. <see cref="Step.Done"/> when all steps succeeded.</summary>
    /// <param name="Step">The step.</param>
    /// <param name="Errno">The errno of its call.</param>
    /// <param name="Domain">The domain of the socket that could not be made.</param>
    public readonly record struct Outcome(Step Step, int Errno, int Domain = 0);

    static readonly BrokerOrder.Calls* Functions = Prepare();

    /// <summary>Makes one descriptor for each request, in the same order. The caller owns them.</summary>
    public static Outcome Run(SafeFileHandle userNamespace, SafeFileHandle networkNamespace, ReadOnlySpan<DescriptorRequest> requests, Span<int> made)
    {
        int* pair = stackalloc int[2];
        if (Libc.SocketPair(Libc.AF_UNIX, Libc.SOCK_DGRAM | Libc.SOCK_CLOEXEC, 0, pair) != 0)
            return new(Step.Fork, Marshal.GetLastPInvokeError());
        bool hasUser = false, hasNetwork = false;
        var order = BrokerOrder.Create(Functions, requests);
        try
        {
            userNamespace.DangerousAddRef(ref hasUser);
            networkNamespace.DangerousAddRef(ref hasNetwork);
            (order->UserNamespace, order->NetworkNamespace, order->Channel) =
                ((int)userNamespace.DangerousGetHandle(), (int)networkNamespace.DangerousGetHandle(), pair[1]);
            ForkAndWait(order);
            return order->Step == Step.Done ? Receive(pair[0], made) : new(order->Step, order->Errno, order->Domain);
        }
        finally
        {
            BrokerOrder.Free(order);
            if (hasUser)
                userNamespace.DangerousRelease();
            if (hasNetwork)
                networkNamespace.DangerousRelease();
            Libc.Close(pair[0]);
            Libc.Close(pair[1]);
        }
    }

    static void ForkAndWait(BrokerOrder* order)
    {
        delegate* unmanaged<BrokerOrder*, int> fork = &Fork; // through native code, so that no register keeps a reference
        order->Step = Step.Fork;
        var signals = Libc.BlockSignals();
        int child = fork(order);
        Libc.RestoreSignals(signals);
        if (child > 0)
            Libc.Reap(child);
    }

    [UnmanagedCallersOnly, SkipLocalsInit, MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static int Fork(BrokerOrder* order)
    {
        int process = order->Functions->VFork();
        if (process == 0)
        {
            // The stack below this frame belongs to the call that returns a second time, in the parent. The gap keeps the child away from it.
            byte* gap = stackalloc byte[order->GapOctets];
            order->Gap = gap;
            order->Step = Execute(order);
            order->Functions->Exit(0);
        }
        if (process < 0)
            order->Errno = *order->Functions->ErrnoLocation();
        return process;
    }

    // Runs in the child: no allocation, no lock, no transition.
    [SkipLocalsInit, MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    static Step Execute(BrokerOrder* order)
    {
        var functions = order->Functions;
        bool isReal = !order->IsRehearsal;
        if (functions->SetNamespace(order->UserNamespace, Libc.CLONE_NEWUSER) != 0 && isReal)
            return Fail(order, Step.EnterUserNamespace);
        if (functions->SetNamespace(order->NetworkNamespace, Libc.CLONE_NEWNET) != 0 && isReal)
            return Fail(order, Step.EnterNetworkNamespace);
        for (int i = 0; i < order->Count; i++)
        {
            var request = order->Requests + i;
            int made;
            if (request->Path != null)
            {
                made = functions->Open(request->Path, request->TypeOrFlags);
                if (made < 0 && isReal)
                    return Fail(order, Step.Open);
            }
            else
            {
                order->Domain = request->Domain;
                made = functions->Socket(request->Domain, request->TypeOrFlags, request->Protocol);
                if (made < 0 && isReal)
                    return Fail(order, Step.CreateSocket);
                if (request->IsV6Only && functions->SetOption(made, Libc.IPPROTO_IPV6, Libc.IPV6_V6ONLY, &order->One, sizeof(int)) != 0 && isReal)
                    return Fail(order, Step.SetOption);
            }
            order->Rights.Descriptors[i] = made;
        }
        return functions->SendMessage(order->Channel, &order->Message, Libc.MSG_NOSIGNAL | Libc.MSG_DONTWAIT) < 0 && isReal
            ? Fail(order, Step.Send) : Step.Done;
    }

    // Takes the errno at once, before anything else can change it: the child may still meet a garbage collection.
    [SkipLocalsInit, MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    static Step Fail(BrokerOrder* order, Step step)
    {
        order->Errno = *order->Functions->ErrnoLocation();
        return step;
    }

    // Runs the child's code once without effect, so that all of it is compiled.
    static BrokerOrder.Calls* Prepare()
    {
        var functions = BrokerOrder.FindFunctions();
        var order = BrokerOrder.Create(functions, [new(Libc.AF_INET6, -1, 0), DescriptorRequest.File("", 0)]);
        (order->IsRehearsal, order->UserNamespace, order->NetworkNamespace, order->Channel) = (true, -1, -1, -1);
        Execute(order);
        Fail(order, Step.None);
        BrokerOrder.Free(order);
        return functions;
    }

    static Outcome Receive(int channel, Span<int> made)
    {
        BrokerOrder.RightsMessage rights;
        byte octet;
        Libc.IoVec vector = new() { Base = &octet, Length = 1 };
        nuint space = (nuint)sizeof(BrokerOrder.RightsMessage);
        Libc.MsgHdr message = new() { Vectors = &vector, VectorCount = 1, Control = &rights, ControlLength = space };
        if (Libc.ReceiveMessage(channel, &message, Libc.MSG_CMSG_CLOEXEC | Libc.MSG_DONTWAIT) < 0)
            return new(Step.Receive, Marshal.GetLastPInvokeError());
        int count = message.ControlLength == 0 ? 0 : (int)((rights.Header.Length - (nuint)sizeof(Libc.CmsgHdr)) / sizeof(int));
        if (count == made.Length)
        {
            new ReadOnlySpan<int>(rights.Descriptors, count).CopyTo(made);
            return new(Step.Done, 0);
        }
        for (int i = 0; i < count; i++)
            Libc.Close(rights.Descriptors[i]);
        return new(Step.Receive, Libc.EMFILE); // the kernel drops descriptors beyond the process's limit
    }
}
