using System.ComponentModel;
using System.Net;
using System.Net.Sockets;
using System.Runtime.Versioning;
using TeredoSdk.Machine.Linux;

namespace TeredoSdk.Tests.Linux;

/// <summary>Who reads which descriptor: one thread while little comes, several when one can't keep up, and one again afterwards.</summary>
[Platform("Linux"), SupportedOSPlatform("linux"), NonParallelizable]
public sealed class ReadLoopTests
{
    [Test]
    public async Task BusyDescriptors_GetThreadsOfTheirOwn_AndShareOneAgainWhenCalm()
    {
        using var one = new Reader();
        using var other = new Reader();
        foreach (var reader in new[] { one, other })
            reader.Send();
        await UntilAsync(() => one.Reads > 0 && other.Reads > 0, "each is read");

        one.IsBusy = other.IsBusy = true; // each read takes its time, and there is always more
        one.Send();
        other.Send();
        await UntilAsync(() => one.Thread != other.Thread, "two threads read");
        one.IsBusy = other.IsBusy = false;

        await UntilAsync(() =>
        {
            one.Send();
            other.Send();
            return one.Thread == other.Thread;
        }, "one thread reads both");
        Assert.That((one.Overlaps, other.Overlaps), Is.EqualTo((0, 0)), "no descriptor was read by two threads at once");
    }

    [Test]
    public async Task WhatWasReadButNotHandled_IsHandled_AlthoughNothingMoreComes()
    {
        using var one = new Reader();
        using var other = new Reader();
        foreach (var reader in new[] { one, other })
        {
            reader.Held = 1000;
            reader.Send();
        }
        await UntilAsync(() => one.Held + other.Held == 0, "all is handled");
    }

    [Test]
    public async Task DescriptorThatEnds_WhileThreadsChange_IsNotReadAfterwards([Range(1, 3)] int round)
    {
        var readers = Enumerable.Range(0, 6).Select(_ => new Reader { IsBusy = true }).ToArray();
        foreach (var reader in readers)
            reader.Send();
        foreach (var reader in readers)
        {
            await UntilAsync(() => reader.Reads > 20 * round, "it is read");
            reader.Dispose();
            await reader.End.InTime();
            int reads = reader.Reads;
            await Task.Yield();
            Assert.That((reader.Reads, reader.Overlaps), Is.EqualTo((reads, 0)));
        }
    }

    [Test]
    public async Task DescriptorThatCannotBeWaitedFor_IsRefused_AndLeavesNoThread()
    {
        int before = ReadLoop.ThreadCount;
        using var file = File.OpenHandle("/proc/self/status"); // epoll_ctl(2): EPERM
        using (var other = new Reader())
        {
            for (int i = 0; i < 3; i++)
                Assert.That(Assert.Throws<Win32Exception>(() => ReadLoop.Add(file, other))!.NativeErrorCode, Is.EqualTo(Libc.EPERM));
            other.Send();
            await UntilAsync(() => other.Reads > 0, "others are read");
        }
        Assert.Throws<Win32Exception>(() => ReadLoop.Add(file, new Unread()));
        await UntilAsync(() => ReadLoop.ThreadCount <= before, "no thread is left");
    }

    sealed class Unread : IReadable
    {
        public bool Read() => throw new AssertionException("It was not taken.");

        public void Ended() => throw new AssertionException("It was not taken.");
    }

    static async Task UntilAsync(Func<bool> isSo, string what)
    {
        for (long limit = Environment.TickCount64 + (long)Patience.Limit.TotalMilliseconds; !isSo(); await Task.Delay(1))
            Assert.That(Environment.TickCount64, Is.LessThan(limit), what);
    }

    /// <summary>A socket that is read, and keeps its thread busy if it shall.</summary>
    sealed class Reader : IReadable, IDisposable
    {
        readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        readonly TaskCompletionSource _end = new(TaskCreationOptions.RunContinuationsAsynchronously);
        readonly byte[] _buffer = new byte[1];
        readonly ReadLoop.Registration _registration;
        int _isReading;

        public Reader()
        {
            _socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            _socket.Blocking = false;
            _registration = ReadLoop.Add(_socket.SafeHandle, this);
        }

        public volatile bool IsBusy;

        public volatile int Held;

        public volatile int Reads, Overlaps;

        public volatile int Thread;

        public Task End => _end.Task;

        public void Send() => _socket.SendTo(_buffer, _socket.LocalEndPoint!);

        public void Dispose()
        {
            _registration.Dispose();
            _end.Task.Wait(Patience.Limit);
            _socket.Dispose();
        }

        bool IReadable.Holds => Held > 0 && Reads > 0;

        bool IReadable.Read()
        {
            Held = Math.Max(Held - 1, 0);
            if (Interlocked.Exchange(ref _isReading, 1) != 0)
                Overlaps++;
            if (_socket.Available > 0)
                _socket.Receive(new byte[1]);
            Thread = Environment.CurrentManagedThreadId;
            Reads++;
            if (IsBusy)
            {
                System.Threading.Thread.SpinWait(2000);
                Send();
            }
            Volatile.Write(ref _isReading, 0);
            return false;
        }

        void IReadable.Ended() => _end.TrySetResult();
    }
}
