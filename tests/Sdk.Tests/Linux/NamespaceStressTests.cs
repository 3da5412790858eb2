using System.Diagnostics;
using System.Net.Sockets;
using System.Runtime.Versioning;
using TeredoSdk.Engine.Linux;

namespace TeredoSdk.Tests.Linux;

/// <summary>Children are made on the stack and memory of a running runtime: it must not matter what the runtime is doing.</summary>
[Platform("Linux"), SupportedOSPlatform("linux")]
sealed class NamespaceStressTests
{
    [Slow]
    [Test]
    public async Task CreateAndCreateSocket_WhileCollectionsMoveEverything_NoneHangsOrLeaves()
    {
        using var network = PrivateNetworks.Create();
        network.CreateSocket(SocketType.Stream, ProtocolType.Tcp).Dispose();
        int before = PrivateNetworks.OpenDescriptors();
        using var done = new CancellationTokenSource();
        using var begun = new SemaphoreSlim(0);
        Task[] noise = [Collect(begun, done.Token), Allocate(done.Token)];
        Task[] work =
        [
            .. Enumerable.Range(0, 2).Select(_ => Repeat(200, begun, () => CreateSocketAmongReferences(network))),
            Repeat(12, begun, () => PrivateNetworks.Create().Dispose()),
            Repeat(12, begun, RunAnotherProgram), // .NET waits for its own children, and must leave ours
        ];
        try
        {
            await Task.WhenAll(work).WaitAsync(Patience.Limit);
        }
        finally
        {
            await done.CancelAsync();
            await Task.WhenAll(noise).InTime();
        }
        Assert.Multiple(() =>
        {
            Assert.That(PrivateNetworks.OpenDescriptors(), Is.LessThan(before + 20), "400 sockets and 12 networks");
            Assert.That(PrivateNetworks.Children(), Is.Empty);
        });
    }

    // References that live across the call, in registers and on the stack, are what a collection in the middle of it could spoil.
    static void CreateSocketAmongReferences(PrivateNetwork network)
    {
        object[] references = [new byte[1], new byte[2], new byte[3], new byte[4], new byte[5], new byte[6]];
        var (a, b, c, d, e, f) = (references[0], references[1], references[2], references[3], references[4], references[5]);
        using (network.CreateSocket(SocketType.Stream, ProtocolType.Tcp))
        {
            object[] after = [a, b, c, d, e, f];
            for (int i = 0; i < after.Length; i++)
                Assert.That(after[i], Is.SameAs(references[i]));
        }
    }

    static void RunAnotherProgram()
    {
        using var program = Process.Start("/bin/sh", ["-c", "exit 3"]);
        Assert.That(program.WaitForExit(Patience.Limit), Is.True);
        Assert.That(program.ExitCode, Is.EqualTo(3));
    }

    static Task Repeat(int times, SemaphoreSlim begun, Action action) => Start(() =>
    {
        for (int i = 0; i < times; i++)
        {
            begun.Release();
            action();
        }
    });

    // Threads of their own: the pool would give them out one by one.
    static Task Start(Action action) => Task.Factory.StartNew(action, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    // One collection for each action that begins: as fast as it can, it would stop all others most of the time.
    static Task Collect(SemaphoreSlim begun, CancellationToken until) => Start(() =>
    {
        for (int i = 0; !until.IsCancellationRequested; i++)
            if (begun.Wait(TimeSpan.FromMilliseconds(100), CancellationToken.None))
                GC.Collect(i % 3, GCCollectionMode.Forced, blocking: true, compacting: true);
    });

    static Task Allocate(CancellationToken until) => Start(() =>
    {
        var live = new object[100];
        for (int i = 0; !until.IsCancellationRequested; i++)
        {
            live[i % live.Length] = Enumerable.Range(1, 50).Select(octets => new byte[octets * 10]).ToArray();
            Thread.Yield(); // on a machine with few cores the others get on, too
        }
    });
}
