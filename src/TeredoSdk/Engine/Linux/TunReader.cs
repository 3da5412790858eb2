using System.ComponentModel;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;
using TeredoSdk.Machine.Linux;

namespace TeredoSdk.Engine.Linux;

/// <summary>Reads the packets of a TUN device on one thread. An eventfd wakes the thread when it has to end.</summary>
[SupportedOSPlatform("linux")]
sealed unsafe class TunReader : IDisposable
{
    const int BufferOctets = 65575; // an IPv6 header and the longest payload

    readonly SafeFileHandle _tun;
    readonly string _name;
    readonly SafeFileHandle _wake;
    readonly TaskCompletionSource _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    readonly Lock _starting = new();
    Thread? _thread;
    volatile bool _isEnding;

    /// <exception cref="Win32Exception">No more descriptors can be opened.</exception>
    public TunReader(SafeFileHandle tun, string name, SafeFileHandle? wake = null)
    {
        (_tun, _name, _wake) = (tun, name, wake ?? Libc.EventFd(0, Libc.EFD_CLOEXEC | Libc.EFD_NONBLOCK));
        if (_wake.IsInvalid)
            throw new Win32Exception();
    }

    public Task Completion => _completion.Task;

    public void Start(PacketHandler handler, Action<Exception>? fault)
    {
        lock (_starting)
        {
            if (_thread is not null || _isEnding)
                throw new InvalidOperationException($"The device {_name} can't be started: it is being read already, or it is closed.");
            _thread = new(() => Run(handler, fault)) { IsBackground = true, Name = $"Teredo {_name}" };
            _thread.Start();
        }
    }

    public void Dispose()
    {
        Thread? thread;
        lock (_starting)
        {
            _isEnding = true;
            thread = _thread;
        }
        ulong one = 1;
        Libc.Write(_wake, (byte*)&one, sizeof(ulong));
        if (thread is null)
            _completion.TrySetResult();
        else if (thread != Thread.CurrentThread)
            thread.Join();
        _wake.Dispose(); // the thread holds its own reference
    }

    void Run(PacketHandler handler, Action<Exception>? fault)
    {
        bool hasTun = false, hasWake = false;
        byte[] buffer = GC.AllocateUninitializedArray<byte>(BufferOctets, pinned: true);
        try
        {
            _tun.DangerousAddRef(ref hasTun);
            _wake.DangerousAddRef(ref hasWake);
            int errno = Read((int)_tun.DangerousGetHandle(), (int)_wake.DangerousGetHandle(), buffer, handler, fault);
            if (errno == 0)
                _completion.TrySetResult();
            else
                _completion.TrySetException(LinuxProblems.OfLoss(_name, errno));
        }
        catch (ObjectDisposedException)
        {
            _completion.TrySetResult(); // the device was closed before the thread began
        }
        finally
        {
            if (hasTun)
                _tun.DangerousRelease();
            if (hasWake)
                _wake.DangerousRelease();
        }
    }

    // Returns 0 when it was told to end, or the errno when the device is gone.
    int Read(int tun, int wake, byte[] buffer, PacketHandler handler, Action<Exception>? fault)
    {
        var waits = stackalloc Libc.PollFd[] { new() { Descriptor = tun, Events = Libc.POLLIN }, new() { Descriptor = wake, Events = Libc.POLLIN } };
        byte* octets = (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(buffer)); // it is pinned
        while (!_isEnding)
        {
            nint length = Libc.Read(tun, octets, BufferOctets);
            if (length > 0)
            {
                Hand(buffer.AsSpan(0, (int)length), handler, fault);
                continue;
            }
            int errno = Marshal.GetLastPInvokeError();
            if (errno is not (Libc.EAGAIN or Libc.EINTR))
                return errno;
            Libc.Poll(waits, 2, -1);
        }
        return 0;
    }

    static void Hand(ReadOnlySpan<byte> packet, PacketHandler handler, Action<Exception>? fault)
    {
        try
        {
            handler(packet);
        }
        catch (Exception e) // a defect of ours: it costs one packet, but reading goes on
        {
            fault?.Invoke(e);
        }
    }
}
