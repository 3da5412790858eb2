using System.ComponentModel;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;
using TeredoSdk.Engine.Linux.Offload;
using TeredoSdk.Machine.Linux;

namespace TeredoSdk.Engine.Linux;

/// <summary>Reads the packets of a TUN device in bursts, on a thread of <see cref="ReadLoop"/>.</summary>
[SupportedOSPlatform("linux")]
sealed unsafe class DeviceReader(SafeFileHandle tun, string name, bool hasHeaders) : IReadable, IDisposable
{
    const int PacketOctets = 65575 + VirtioHeader.Size; // an IPv6 header and the longest payload
    const int MemoryOctets = 512 << 10;
    const int PacketsAtOnce = 64;

    readonly TaskCompletionSource _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    readonly Lock _starting = new();
    readonly DevicePacket[] _packets = new DevicePacket[PacketsAtOnce];
    DeviceHandler? _handler;
    Action<Exception>? _fault;
    ReadLoop.Registration? _registration;
    byte* _memory;
    bool _isEnding, _comesAlone;
    int _errno;

    public Task Completion => _completion.Task;

    public void Start(DeviceHandler handler, Action<Exception>? fault)
    {
        lock (_starting)
        {
            if (_registration is not null || _isEnding)
                throw new InvalidOperationException($"The device {name} can't be started: it is being read already, or it is closed.");
            (_handler, _fault) = (handler, fault);
            _memory = (byte*)NativeMemory.Alloc(MemoryOctets);
            try
            {
                _registration = ReadLoop.Add(tun, this);
            }
            catch (Exception e) when (e is Win32Exception or ObjectDisposedException)
            {
                ((IReadable)this).Ended();
                throw;
            }
        }
    }

    /// <summary>Ends the reading. The handler is not called afterwards, except when the handler itself made this call.</summary>
    public void Dispose()
    {
        lock (_starting)
        {
            _isEnding = true;
            if (_registration is null)
                _completion.TrySetResult();
        }
        if (_registration is null)
            return;
        _registration.Dispose();
        if (!_registration.IsReader)
            ((IAsyncResult)Completion).AsyncWaitHandle.WaitOne();
    }

    bool IReadable.Read()
    {
        // While packets come one by one, each is on its way before the next is asked for.
        int count = _comesAlone && (Pass(1) == 0 || _isEnding) ? 0 : Pass(PacketsAtOnce);
        _comesAlone = count <= 1;
        return count == PacketsAtOnce;
    }

    // Reads at most so many packets and hands them on together. Returns how many there were.
    int Pass(int limit)
    {
        int count = 0, at = 0;
        for (; count < limit && at + PacketOctets <= MemoryOctets; count++)
        {
            nint length = Libc.Read(tun, _memory + at, PacketOctets);
            if (length < 0)
            {
                int errno = Marshal.GetLastPInvokeError();
                if (errno is not (Libc.EAGAIN or Libc.EINTR))
                    End(errno);
                break;
            }
            int start = hasHeaders ? VirtioHeader.Size : 0;
            var header = hasHeaders && length >= start ? *(VirtioHeader*)(_memory + at) : default;
            _packets[count] = new(at + start, Math.Max((int)length - start, 0), header);
            at += ((int)length + 7) & ~7;
        }
        if (count > 0)
            Hand(new(_memory, _packets.AsSpan(0, count)));
        return count;
    }

    void IReadable.Ended()
    {
        NativeMemory.Free(_memory);
        if (_errno == 0)
            _completion.TrySetResult();
        else
            _completion.TrySetException(LinuxProblems.OfLoss(name, _errno));
    }

    // The device is gone: another program removed it.
    void End(int errno)
    {
        _errno = errno;
        lock (_starting)
            _registration!.Dispose();
    }

    void Hand(in DeviceBurst burst)
    {
        try
        {
            _handler!(burst);
        }
        catch (Exception e) // a defect of ours: it costs one burst, but reading goes on
        {
            _fault?.Invoke(e);
        }
    }
}
