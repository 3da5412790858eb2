using System.Globalization;
using System.Net;

namespace TeredoSdk.Idle;

/// <summary>What an idle node and each idle socket on it hold in this process: what is collected, and what is resident.</summary>
static class Sockets
{
    const int Count = 500, Nodes = 20;

    public static async Task MeasureAsync(Action<string> tell, CancellationToken cancellation)
    {
        await using var server = await TeredoServerHost.StartAsync(new() { Address = At(1), SecondaryAddress = At(2), AllowPrivateAddresses = true }, cancellation);
        foreach (var kind in new[] { TeredoSockets.Kernel, TeredoSockets.InProcess })
        {
            string name = kind == TeredoSockets.Kernel ? "kernel" : "in-process";
            var options = new TeredoOptions
            {
                Servers = [$"{At(1)},{At(2)}"],
                Provider = TeredoProvider.Embedded,
                Sockets = kind,
                AllowPrivateAddresses = true,
                PortMapping = false,
            };
            await HoldAsync($"each idle node with {name} sockets", Nodes, async () => await TeredoNode.StartAsync(options, cancellation));
            await using var node = await TeredoNode.StartAsync(options, cancellation);
            await HoldAsync($"each {name} socket, UDP", Count, async () => await node.BindDatagramAsync(new TeredoBindOptions(), cancellation));
            if (kind == TeredoSockets.Kernel)
                await HoldAsync("each kernel socket, TCP listener", Count, async () => await node.ListenAsync(new TeredoListenOptions(), cancellation));
        }

        async Task HoldAsync(string what, int count, Func<Task<IAsyncDisposable>> make)
        {
            await using (await make())
            {
                // What is made once for all.
            }
            List<IAsyncDisposable> open = [];
            try
            {
                var before = Now();
                while (open.Count < count)
                    open.Add(await make());
                var after = Now();
                tell(string.Create(CultureInfo.InvariantCulture,
                    $"| {what} | {(after.Heap - before.Heap) / count:N0}; resident {(after.Resident - before.Resident) / count:N0} |"));
            }
            finally
            {
                foreach (var one in open)
                    await one.DisposeAsync();
            }
        }
    }

    static IPAddress At(byte host) => new([127, 81, (byte)(Environment.ProcessId % 250), host]); // so that runs beside each other do not meet

    static (long Heap, long Resident) Now()
    {
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        GC.WaitForPendingFinalizers();
        return (GC.GetTotalMemory(forceFullCollection: true), Environment.WorkingSet);
    }
}
