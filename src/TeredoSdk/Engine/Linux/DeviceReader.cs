using System.ComponentModel;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;
using TeredoSdk.Engine.Linux.Offload;
using TeredoSdk.Machine.Linux;
using TeredoSdk.Protocol;
using TeredoSdk.Protocol.Wire;

namespace TeredoSdk.Engine.Linux;

/// <summary>Reads the packets of a TUN device in bursts, on a thread of <see cref="ReadLoop"/>.</summary>
/// <remarks>
/// What is there is handed on as it comes, while it is little or all of it is for one peer. When more comes than can be sent, and for several peers, it waits in
/// <see cref="PeerLines"/> and not in the device, which would drop packets of whoever comes last.
/// </remarks>
/// <param name="tun">The device's descriptor; it stays the caller's.</param>
/// <param name="name">The device's name.</param>
/// <param name="hasHeaders">Whether a virtio header stands before each packet.</param>
/// <param name="maxPacket">How long a packet may be, in octets.</param>
[SupportedOSPlatform("linux")]
sealed unsafe class DeviceReader(SafeFileHandle tun, string name, bool hasHeaders, int maxPacket) : IReadable, IDisposable
{
    /// <summary>The longest packet that stands for many, in octets: an IPv6 header and the longest payload.</summary>
    public const int MaxLongPacket = 65575;

    const int MemoryOctets = 512 << 10;
    const int PacketsAtOnce = 64;
    const int LinesOctets = 16 << 20, MaxInLines = 2000; // a device holds as many packets
    const int ReadsInARow = 512;

    readonly TaskCompletionSource _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    readonly Lock _starting = new();
    readonly DevicePacket[] _packets = new DevicePacket[PacketsAtOnce];
    DeviceHandler? _handler;
    Action<Exception>? _fault;
    ReadLoop.Registration? _registration;
    readonly int _packetOctets = (hasHeaders ? VirtioHeader.Size : 0) + maxPacket;
    byte* _memory;
    PeerLines? _lines; // since they were needed first
    bool _isEnding, _comesAlone, _isCrowded;
    int _errno;

    public Task Completion => _completion.Task;

    /// <summary>How many packets were dropped, because more came than could be sent.</summary>
    public long Dropped => Volatile.Read(ref _lines)?.Dropped ?? 0;

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

    bool IReadable.Holds => _isCrowded;

    bool IReadable.Read()
    {
        if (_isCrowded)
            return TakeTurns();
        // While packets come one by one, each is on its way before the next is asked for.
        int count = _comesAlone && (Pass(1) == 0 || _isEnding) ? 0 : Pass(PacketsAtOnce);
        _comesAlone = count <= 1;
        return count == PacketsAtOnce;
    }

    // Reads at most so many packets and hands them on together. Returns how many there were.
    int Pass(int limit)
    {
        int count = 0, at = 0;
        for (; count < limit && at + _packetOctets <= MemoryOctets && TryRead(_memory, at, out _packets[count]); count++)
            at = (_packets[count].Offset + _packets[count].Length + 7) & ~7;
        if (count > 0)
            Hand(new(_memory, _packets.AsSpan(0, count)));
        _isCrowded = (count == PacketsAtOnce || at + _packetOctets > MemoryOctets) && HasManyPeers(count);
        return count;
    }

    // Puts what is there into the lines, and hands on those whose turn it is. Returns whether others wait.
    bool TakeTurns()
    {
        _lines ??= new(Math.Min(LinesOctets / _packetOctets, MaxInLines), _packetOctets);
        for (int i = 0; i < ReadsInARow && TryRead(_lines.Memory, _lines.NextOffset, out var packet); i++)
            _lines.Add(packet, PeerOf(_lines.Memory, packet));
        int count = _lines.Take(_packets, MemoryOctets);
        if (count > 0)
            Hand(new(_lines.Memory, _packets.AsSpan(0, count)));
        return _isCrowded = _lines.PeerCount > 0 && !_isEnding;
    }

    bool TryRead(byte* memory, int at, out DevicePacket packet)
    {
        nint length = Libc.Read(tun, memory + at, (nuint)_packetOctets);
        if (length < 0)
        {
            packet = default;
            int errno = Marshal.GetLastPInvokeError();
            if (errno is not (Libc.EAGAIN or Libc.EINTR))
                End(errno);
            return false;
        }
        int start = hasHeaders ? VirtioHeader.Size : 0;
        var header = hasHeaders && length >= start ? *(VirtioHeader*)(memory + at) : default;
        packet = new(at + start, Math.Max((int)length - start, 0), header);
        return true;
    }

    bool HasManyPeers(int count)
    {
        var first = PeerOf(_memory, _packets[0]);
        for (int i = 1; i < count; i++)
            if (PeerOf(_memory, _packets[i]) != first)
                return true;
        return false;
    }

    static IPv6Address PeerOf(byte* memory, in DevicePacket packet) =>
        IPv6Packet.TryParse(new(memory + packet.Offset, packet.Length), out var parsed) ? parsed.Destination : default;

    void IReadable.Ended()
    {
        NativeMemory.Free(_memory);
        _lines?.Dispose();
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
