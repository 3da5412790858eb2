using System.Globalization;

namespace TeredoSdk.DatagramBenchmark;

/// <summary>The process that receives. It prints its end point; for each line that it reads it prints what it did since the line before.</summary>
static class Receiver
{
    public static async Task<int> RunAsync(TeredoOptions options)
    {
        await using var node = await TeredoNode.StartAsync(options);
        await using var socket = await node.BindDatagramAsync(4242);
        socket.ReceiveBufferSize = 16 << 20;
        Console.WriteLine(socket.TeredoEndPoint);
        long packets = 0;
        using var ending = new CancellationTokenSource();
        var receiving = Task.Run(async () =>
        {
            for (var batch = new TeredoDatagramBatch(256); ;)
                Interlocked.Add(ref packets, await socket.ReceiveAsync(batch, ending.Token));
        });
        var meter = new Meter();
        while (Console.ReadLine() is not null)
        {
            var figures = meter.Read(Interlocked.Exchange(ref packets, 0));
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{figures.PerSecond} {figures.Microseconds} {figures.Octets}"));
            meter = new();
        }
        await ending.CancelAsync();
        await receiving.ContinueWith(_ => { }, TaskScheduler.Default);
        return 0;
    }
}
