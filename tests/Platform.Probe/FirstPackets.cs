using System.Collections.Concurrent;
using System.Diagnostics.Tracing;
using System.Runtime.CompilerServices;

namespace TeredoSdk.Platform.Probe;

/// <summary>A listener that tells, when its standard input gets a line, what the JIT compiled on the threads of packets since its code was rehearsed.</summary>
static class FirstPackets
{
    const string Rehearsing = "Teredo rehearsa", Packets = "Teredo packets"; // the kernel cuts the names of threads

    public static async Task<int> RunAsync()
    {
        await using var node = await TeredoNode.StartAsync(Options.Create());
        await using var listener = await node.ListenAsync(0);
        while (Threads(Rehearsing).Count > 0)
            await Task.Delay(10);
        using var compiler = new Compiler();
        Console.WriteLine($"listening {listener.TeredoEndPoint}");
        await using var connection = await listener.AcceptAsync();
        byte[] buffer = new byte[100];
        await connection.GetStream().WriteAsync(buffer.AsMemory(0, await connection.GetStream().ReadAsync(buffer)));
        await Console.In.ReadLineAsync();
        var threads = Threads(Packets);
        foreach (string method in await compiler.CompleteAsync(threads))
            Console.WriteLine($"compiled {method}");
        Console.WriteLine($"on {threads.Count} threads");
        return 0;
    }

    static HashSet<long> Threads(string name) => [.. Directory.GetDirectories("/proc/self/task")
        .Where(task => File.ReadAllText($"{task}/comm").TrimEnd() == name).Select(task => long.Parse(Path.GetFileName(task), null))];

    /// <summary>Hears of each method that is compiled.</summary>
    sealed class Compiler : EventListener
    {
        const EventKeywords Jit = (EventKeywords)0x10;
        const int MethodLoadVerbose = 143;

        readonly ConcurrentQueue<(long Thread, string Method)> _compiled = new();

        protected override void OnEventSourceCreated(EventSource source)
        {
            if (source.Name == "Microsoft-Windows-DotNETRuntime")
                EnableEvents(source, EventLevel.Verbose, Jit);
        }

        protected override void OnEventWritten(EventWrittenEventArgs written)
        {
            const int tier = 7, tierMask = 7, laterTier = 4, precompiled = 6; // MethodFlags of the event: what is compiled again is no concern here
            if (written.EventId != MethodLoadVerbose || written.Payload is not { } payload)
                return;
            uint level = (uint)payload[5]! >> tier & tierMask;
            if (level is not (laterTier or laterTier + 1 or precompiled))
                _compiled.Enqueue((written.OSThreadId, $"{payload[6]}.{payload[7]} {payload[8]}"));
        }

        /// <summary>What these threads compiled until now.</summary>
        public async Task<IEnumerable<string>> CompleteAsync(HashSet<long> threads)
        {
            TheLast();
            while (!_compiled.Any(one => one.Method.Contains(nameof(TheLast), StringComparison.Ordinal))) // events come late, but in order
                await Task.Delay(10);
            return _compiled.Where(one => threads.Contains(one.Thread)).Select(one => one.Method);
        }

        [MethodImpl(MethodImplOptions.NoInlining)]
        static void TheLast()
        {
            // It is compiled when it is called.
        }
    }
}
