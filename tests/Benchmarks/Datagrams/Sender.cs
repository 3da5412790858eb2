using System.Diagnostics;
using System.Globalization;
using System.Net;

namespace TeredoSdk.DatagramBenchmark;

/// <summary>The process that sends, with the server in it.</summary>
static class Sender
{
    static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(1), Limit = TimeSpan.FromMinutes(1);

    public static async Task<(Figures Sent, Figures Received)> MeasureAsync(TeredoDatapath way, int octets, TimeSpan duration, bool inBatches,
        CancellationToken cancellation)
    {
        var (primary, secondary) = (IPAddress.Parse("127.44.0.1"), IPAddress.Parse("127.44.0.2"));
        await using var server = await TeredoServerHost.StartAsync(new() { Address = primary, SecondaryAddress = secondary, AllowPrivateAddresses = true }, cancellation);
        string servers = $"{primary},{secondary}";
        using var receiver = Process.Start(new ProcessStartInfo(Environment.ProcessPath!)
        {
            ArgumentList = { "--receive", servers, $"{way}" },
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;
        try
        {
            var target = IPEndPoint.Parse(await ReadAsync());
            await using var node = await TeredoNode.StartAsync(Node.Options(servers, way), cancellation);
            await using var socket = await node.BindDatagramAsync(0, cancellation);
            await node.PingAsync(target.Address, Limit, cancellation); // before the peer is reached, only four datagrams wait
            await SendAsync(socket, target, octets, WarmUp, inBatches);
            await AskAsync();
            var sent = await SendAsync(socket, target, octets, duration, inBatches);
            string[] received = (await AskAsync()).Split(' ');
            return (sent, new(Number(received[0]), Number(received[1]), Number(received[2])));
        }
        finally
        {
            receiver.StandardInput.Close();
            if (!receiver.WaitForExit(Limit))
                receiver.Kill();
        }

        Task<string> AskAsync()
        {
            receiver.StandardInput.WriteLine();
            return ReadAsync();
        }

        async Task<string> ReadAsync() =>
            await receiver.StandardOutput.ReadLineAsync(cancellation).AsTask().WaitAsync(Limit, cancellation) ?? throw new IOException("The receiver has ended.");
    }

    static async Task<Figures> SendAsync(TeredoDatagramSocket socket, IPEndPoint target, int octets, TimeSpan duration, bool inBatches)
    {
        var remote = target.Serialize();
        byte[] datagram = new byte[octets];
        var batch = new TeredoDatagramBatch(256);
        while (batch.TryAdd(datagram, remote))
            continue;
        long packets = 0, start = Stopwatch.GetTimestamp();
        var meter = new Meter();
        while (Stopwatch.GetElapsedTime(start) < duration)
        {
            if (inBatches)
                packets += await socket.SendAsync(batch);
            else
                for (int i = 0; i < batch.Count; i++, packets++)
                    socket.SendTo(datagram, remote);
        }
        return meter.Read(packets);
    }

    static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);
}
