using System.Collections.Immutable;
using System.ComponentModel;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;

namespace TeredoSdk.Machine.Linux;

/// <summary>Reads from a descriptor when there is something to read. Called by one thread at a time; must not throw.</summary>
interface IReadable
{
    /// <summary>Reads a bounded part of what is there, without waiting.</summary>
    /// <returns>Whether there may be more.</returns>
    bool Read();

    /// <summary>Called after the last call of <see cref="Read"/>.</summary>
    void Ended();
}

/// <summary>A thread that waits for several descriptors and lets each be read in turn.</summary>
/// <remarks>
/// The first descriptors have a thread each, so that a packet needs no hop from one thread to another. Further ones share those threads: two hundred idle
/// nodes don't cost four hundred threads. A thread ends with its last descriptor. Safe for any number of threads.
/// </remarks>
[SupportedOSPlatform("linux")]
sealed unsafe class ReadLoop
{
    const int ReadsInARow = 64; // then a lone descriptor, too, looks whether it has to end
    const int EventsAtOnce = 16;

    static readonly int MaxThreads = Math.Clamp(2 * Environment.ProcessorCount, 4, 16);
    static readonly Lock Gate = new();
    static readonly List<ReadLoop> Loops = [];

    readonly SafeFileHandle _wake, _epoll;
    readonly Thread _thread;
    readonly List<Registration> _ending = []; // used under the lock
    ImmutableDictionary<ulong, Registration> _current = ImmutableDictionary<ulong, Registration>.Empty; // replaced under the lock
    ulong _lastId;

    ReadLoop(SafeFileHandle wake, SafeFileHandle epoll)
    {
        (_wake, _epoll) = (wake, epoll);
        _thread = new(Run) { IsBackground = true, Name = "Teredo packets" };
    }

    /// <summary>How many threads there are.</summary>
    internal static int ThreadCount
    {
        get
        {
            lock (Gate)
                return Loops.Count;
        }
    }

    /// <summary>Lets a descriptor be read from now on. When it is closed, the registration must have been disposed.</summary>
    /// <param name="descriptor">The descriptor; it stays the caller's.</param>
    /// <param name="readable">Reads it.</param>
    /// <exception cref="Win32Exception">No more descriptors can be opened.</exception>
    /// <exception cref="ObjectDisposedException">The descriptor is closed.</exception>
    public static Registration Add(SafeHandle descriptor, IReadable readable)
    {
        lock (Gate)
        {
            var loop = Loops.Count < MaxThreads ? Open() : Loops.MinBy(loop => loop._current.Count)!;
            return loop.Register(descriptor, readable);
        }
    }

    // Called under the lock.
    static ReadLoop Open()
    {
        var wake = Libc.EventFd(0, Libc.EFD_CLOEXEC | Libc.EFD_NONBLOCK);
        if (wake.IsInvalid)
            throw new Win32Exception();
        var epoll = Libc.EpollCreate(Libc.EFD_CLOEXEC);
        var loop = new ReadLoop(wake, epoll);
        if (epoll.IsInvalid || !loop.TryControl(Libc.EPOLL_CTL_ADD, wake, 0))
        {
            var refused = new Win32Exception();
            wake.Dispose();
            epoll.Dispose();
            throw refused;
        }
        Loops.Add(loop);
        loop._thread.UnsafeStart(); // without the context of whoever came first
        return loop;
    }

    // Called under the lock.
    Registration Register(SafeHandle descriptor, IReadable readable)
    {
        var registration = new Registration(this, ++_lastId, descriptor, readable);
        _current = _current.Add(registration.Id, registration);
        try
        {
            return TryControl(Libc.EPOLL_CTL_ADD, descriptor, registration.Id) ? registration : throw new Win32Exception();
        }
        catch (Exception e) when (e is Win32Exception or ObjectDisposedException)
        {
            _current = _current.Remove(registration.Id);
            Wake();
            throw;
        }
    }

    // Called under the lock.
    void Unregister(Registration registration)
    {
        try
        {
            TryControl(Libc.EPOLL_CTL_DEL, registration.Descriptor, 0);
        }
        catch (ObjectDisposedException)
        {
            // Closing a descriptor also removes it there.
        }
        _current = _current.Remove(registration.Id);
        _ending.Add(registration);
        Wake();
    }

    bool TryControl(int operation, SafeHandle descriptor, ulong id)
    {
        byte* entry = stackalloc byte[Libc.EpollEventOctets];
        *(uint*)entry = (uint)Libc.POLLIN;
        *(ulong*)(entry + Libc.EpollDataAt) = id;
        return Libc.EpollControl(_epoll, operation, descriptor, entry) == 0;
    }

    // Called under the lock.
    void Wake()
    {
        ulong one = 1;
        Libc.Write(_wake, (byte*)&one, sizeof(ulong));
    }

    void Run()
    {
        byte* events = stackalloc byte[EventsAtOnce * Libc.EpollEventOctets];
        while (true)
        {
            int count = Libc.EpollWait(_epoll, events, EventsAtOnce, -1); // less than 0 after a signal
            bool isWoken = false;
            for (int i = 0; i < count; i++)
            {
                ulong id = *(ulong*)(events + i * Libc.EpollEventOctets + Libc.EpollDataAt);
                if (id == 0)
                    isWoken = true;
                else if (Volatile.Read(ref _current) is var current && current.TryGetValue(id, out var registration))
                    Read(registration, isAlone: current.Count == 1);
            }
            if (isWoken && !GoesOn())
                return;
        }
    }

    static void Read(Registration registration, bool isAlone)
    {
        for (int reads = 0; !registration.IsEnding && registration.Read() && isAlone && reads < ReadsInARow; reads++)
            continue;
    }

    // Returns false when the last descriptor is gone, and so is this loop.
    bool GoesOn()
    {
        ulong woken;
        Libc.Read(_wake, (byte*)&woken, sizeof(ulong));
        Registration[] ended;
        bool goesOn;
        lock (Gate)
        {
            ended = [.. _ending];
            _ending.Clear();
            goesOn = !_current.IsEmpty;
            if (!goesOn)
                Loops.Remove(this);
        }
        foreach (var registration in ended)
            registration.Readable.Ended();
        if (!goesOn)
        {
            _wake.Dispose();
            _epoll.Dispose();
        }
        return goesOn;
    }

    /// <summary>A descriptor that is read. Disposing ends that: a call of <see cref="IReadable.Read"/> that runs is the last.</summary>
    internal sealed class Registration : IDisposable
    {
        readonly ReadLoop _loop;
        readonly ExecutionContext? _context = ExecutionContext.Capture(); // that of the caller, not of whoever came first to this thread
        bool _isMore;
        volatile bool _isEnding;

        internal Registration(ReadLoop loop, ulong id, SafeHandle descriptor, IReadable readable) =>
            (_loop, Id, Descriptor, Readable) = (loop, id, descriptor, readable);

        /// <summary>Whether the calling thread is the one that reads.</summary>
        public bool IsReader => Thread.CurrentThread == _loop._thread;

        internal ulong Id { get; }

        internal SafeHandle Descriptor { get; }

        internal IReadable Readable { get; }

        internal bool IsEnding => _isEnding;

        internal bool Read()
        {
            if (_context is null)
                return Readable.Read();
            ExecutionContext.Run(_context, static registration => ((Registration)registration!).ReadHere(), this);
            return _isMore;
        }

        void ReadHere() => _isMore = Readable.Read();

        public void Dispose()
        {
            lock (Gate)
            {
                if (_isEnding)
                    return;
                _isEnding = true;
                _loop.Unregister(this);
            }
        }
    }
}
