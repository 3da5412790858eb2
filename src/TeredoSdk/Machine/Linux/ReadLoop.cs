using System.ComponentModel;
using System.Diagnostics.CodeAnalysis;
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

    /// <summary>Whether it has read what it has not handled yet, so that it has to be called though its descriptor may say nothing.</summary>
    bool Holds => false;

    /// <summary>Called after the last call of <see cref="Read"/>.</summary>
    void Ended();
}

/// <summary>A thread that waits for several descriptors and lets each be read in turn.</summary>
/// <remarks>
/// While little comes, one thread reads all descriptors of the process: an answer that a packet causes at once is read without waking another thread, and two
/// hundred idle nodes cost one thread. A busy thread gives its busiest descriptor to another one, and a calm one gives all of its own back. A thread ends
/// with its last descriptor. Safe for any number of threads.
/// </remarks>
[SupportedOSPlatform("linux")]
sealed unsafe class ReadLoop
{
    const int ReadsInARow = 64; // then a lone descriptor, too, looks whether it has to end
    const int EventsAtOnce = 16;

    static readonly int MaxThreads = Math.Clamp(2 * Environment.ProcessorCount, 4, 16);
    static readonly Lock Gate = new();
    static readonly List<ReadLoop> Loops = []; // used under the lock, as the next one
    static ulong _lastId;

    readonly SafeFileHandle _wake, _epoll;
    readonly Thread _thread;
    readonly List<Registration> _ending = []; // used under the lock
    readonly LoopLoad _load;
    volatile bool _isHolding; // whether one of its descriptors may be
    Dictionary<ulong, Registration> _current = []; // replaced under the lock, and never changed

    ReadLoop(SafeFileHandle wake, SafeFileHandle epoll, LoopLoad load)
    {
        (_wake, _epoll, _load) = (wake, epoll, load);
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
            var loop = FindCalm() ?? (Loops.Count < MaxThreads ? Open() : Fewest());
            var registration = new Registration(loop, ++_lastId, descriptor, readable);
            if (!loop.TryTake(registration))
                throw new Win32Exception();
            return registration;
        }
    }

    // Called under the lock. The loop with the fewest descriptors.
    static ReadLoop Fewest() => Loops.MinBy(loop => loop._current.Count)!;

    // Called under the lock.
    static ReadLoop Open(bool isForBusy = false)
    {
        var wake = Libc.EventFd(0, Libc.EFD_CLOEXEC | Libc.EFD_NONBLOCK);
        if (wake.IsInvalid)
            throw new Win32Exception();
        var epoll = Libc.EpollCreate(Libc.EFD_CLOEXEC);
        var loop = new ReadLoop(wake, epoll, new(isCalm: !isForBusy, TimeProvider.System));
        if (epoll.IsInvalid || !loop.TryControl(Libc.EPOLL_CTL_ADD, wake, 0) || !loop._thread.TryStart())
        {
            var refused = new Win32Exception();
            wake.Dispose();
            epoll.Dispose();
            throw refused;
        }
        Loops.Add(loop);
        return loop;
    }

    // Called under the lock. Returns false when the kernel refuses.
    bool TryTake(Registration registration)
    {
        _current = new(_current) { [registration.Id] = registration };
        registration.Loop = this;
        bool isTaken = false;
        try
        {
            isTaken = TryControl(Libc.EPOLL_CTL_ADD, registration.Descriptor, registration.Id);
        }
        finally
        {
            if (!isTaken)
            {
                int errno = Marshal.GetLastPInvokeError(); // for who asks why
                _current = Without(registration);
                Wake(); // perhaps it has none left
                Marshal.SetLastPInvokeError(errno);
            }
        }
        return isTaken;
    }

    // Called under the lock by the thread of this loop, so that nobody reads the descriptor.
    void Move(Registration registration, ReadLoop to)
    {
        if (!TryControl(Libc.EPOLL_CTL_DEL, registration.Descriptor, 0))
            return;
        _current = Without(registration);
        if (!to.TryTake(registration))
            TryTake(registration);
        else if (registration.Readable.Holds)
        {
            to._isHolding = true;
            to.Wake();
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
        _current = Without(registration);
        _ending.Add(registration);
        Wake();
    }

    Dictionary<ulong, Registration> Without(Registration registration)
    {
        var others = new Dictionary<ulong, Registration>(_current);
        others.Remove(registration.Id);
        return others;
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
            _load.BeginWait();
            int count = Libc.EpollWait(_epoll, events, EventsAtOnce, _isHolding ? 0 : -1); // less than 0 after a signal
            bool isTimeToLook = _load.EndWait();
            bool isWoken = false;
            for (int i = 0; i < count; i++)
            {
                ulong id = *(ulong*)(events + i * Libc.EpollEventOctets + Libc.EpollDataAt);
                if (id == 0)
                    isWoken = true;
                else if (Volatile.Read(ref _current) is var current && current.TryGetValue(id, out var registration))
                    Read(registration, isAlone: current.Count == 1);
            }
            if (_isHolding)
                ReadHolders();
            if (isWoken && !GoesOn())
                return;
            if (isTimeToLook)
                Balance();
        }
    }

    // Gives the busiest descriptor away, or takes all of them to an older thread that is calm, too.
    void Balance()
    {
        lock (Gate)
        {
            if (_load.IsBusy && _current.Count > 1)
                GiveBusiest();
            else if (_load.IsCalm && FindCalm(until: this) is { } older)
            {
                foreach (var (_, registration) in _current) // its Values would be one more object
                    Move(registration, older);
                Wake();
            }
            foreach (var (_, registration) in _current)
                registration.Turns = 0;
        }
    }

    // Called under the lock.
    void GiveBusiest()
    {
        try
        {
            var other = FindCalm(except: this) ?? (Loops.Count < MaxThreads ? Open(isForBusy: true) : Fewest());
            if (other._load.IsCalm || other._current.Count + 1 < _current.Count)
                Move(_current.Values.MaxBy(registration => registration.Turns)!, other);
        }
        catch (Win32Exception)
        {
            // There are no descriptors for another thread: this one goes on alone.
        }
    }

    // Called under the lock. The oldest loop that is calm; a plain loop, because a lambda would cost memory each time.
    static ReadLoop? FindCalm(ReadLoop? except = null, ReadLoop? until = null)
    {
        foreach (var loop in Loops)
        {
            if (loop == until)
                return null;
            if (loop != except && loop._load.IsCalm)
                return loop;
        }
        return null;
    }

    void Read(Registration registration, bool isAlone)
    {
        registration.Turns++;
        for (int reads = 0; !registration.IsEnding && registration.Read() && isAlone && reads < ReadsInARow; reads++)
            continue;
        if (registration.Readable.Holds)
            _isHolding = true;
    }

    void ReadHolders()
    {
        _isHolding = false;
        var current = Volatile.Read(ref _current);
        foreach (var (_, registration) in current)
            if (registration.Readable.Holds)
                Read(registration, isAlone: current.Count == 1);
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
            goesOn = _current.Count > 0;
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
        readonly ExecutionContext? _context = ExecutionContext.Capture(); // that of the caller, not of whoever came first to this thread
        ReadLoop _loop;
        bool _isMore;
        volatile bool _isEnding;

        internal Registration(ReadLoop loop, ulong id, SafeHandle descriptor, IReadable readable) =>
            (Loop, Id, Descriptor, Readable) = (loop, id, descriptor, readable);

        /// <summary>Whether the calling thread is the one that reads.</summary>
        public bool IsReader => Thread.CurrentThread == Volatile.Read(ref _loop)._thread;

        /// <summary>Who reads it; set under the lock.</summary>
        internal ReadLoop Loop
        {
            get => _loop;
            [MemberNotNull(nameof(_loop))]
            set => Volatile.Write(ref _loop!, value);
        }

        /// <summary>How often it was read lately. Belongs to the reading thread.</summary>
        internal int Turns { get; set; }

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
                Loop.Unregister(this);
            }
        }
    }
}
