using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace TeredoSdk.Churn;

/// <summary>What single loads cost.</summary>
public sealed partial class Bench
{
    const int DeafPort = 4244, SmallBuffer = 4096, FloodOctets = 100;

    /// <summary>Closes connections whose peers never take what was written before.</summary>
    /// <returns>The processor time of this process in the seconds after it, as a share of one processor.</returns>
    public async Task<double> CloseUnreadAsync(int connections, CancellationToken cancellationToken)
    {
        await using var listener = await _far.ListenAsync(new TeredoListenOptions { Port = DeafPort, Backlog = 1024 }, cancellationToken).ConfigureAwait(false);
        listener.Socket!.ReceiveBufferSize = SmallBuffer;
        List<TeredoConnection> near = [], far = [];
        try
        {
            while (near.Count < connections)
            {
                near.Add(await _near.ConnectAsync(listener.TeredoEndPoint!, cancellationToken).ConfigureAwait(false));
                far.Add(await listener.AcceptAsync(cancellationToken).ConfigureAwait(false));
                near[^1].Socket!.SendBufferSize = SmallBuffer;
                _ = WriteAsync(near[^1].GetStream());
            }
            await Task.Delay(TimeSpan.FromSeconds(2), cancellationToken).ConfigureAwait(false); // until all buffers are full
            foreach (var connection in near)
                await connection.DisposeAsync().ConfigureAwait(false);
            var (before, start) = (Environment.CpuUsage.TotalTime, Stopwatch.GetTimestamp());
            await Task.Delay(TimeSpan.FromSeconds(20), cancellationToken).ConfigureAwait(false); // of the 30 s that such a connection is kept
            return (Environment.CpuUsage.TotalTime - before) / Stopwatch.GetElapsedTime(start);
        }
        finally
        {
            foreach (var connection in near.Concat(far))
                await connection.DisposeAsync().ConfigureAwait(false);
        }

        static async Task WriteAsync(Stream stream)
        {
            try
            {
                await stream.WriteAsync(new byte[1 << 16], CancellationToken.None).ConfigureAwait(false);
            }
            catch (Exception e) when (e is IOException or ObjectDisposedException)
            {
                // Closed before all of it was taken, as it shall be.
            }
        }
    }

    /// <summary>Starts <c>teredo listen --echo</c>, and holds connections to it that have talked once and are idle.</summary>
    /// <returns>The resident memory of that process with its first connection and with all, and how many answered.</returns>
    public async Task<(long Before, long After, int Answered)> HoldEchoAsync(string program, int connections, CancellationToken cancellationToken)
    {
        const string listening = "listening on ";
        string[] arguments = ["listen", "0", "--echo", "--server", _options.Servers.Single(), "--allow-private", "--sockets", "kernel"];
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true, RedirectStandardInput = true })!;
        List<TeredoConnection> open = [];
        try
        {
            string? line;
            while ((line = await process.StandardError.ReadLineAsync(cancellationToken).ConfigureAwait(false))?.StartsWith(listening, StringComparison.Ordinal) == false)
                Console.Error.WriteLine(line);
            var echo = IPEndPoint.Parse(line?[listening.Length..] ?? throw new InvalidOperationException($"{program} ended."));
            long before = 0;
            int answered = 0;
            while (open.Count < connections)
            {
                open.Add(await _near.ConnectAsync(echo, cancellationToken).ConfigureAwait(false));
                answered += await TalkAsync(open[^1], isLast: false, cancellationToken).ConfigureAwait(false) ? 1 : 0;
                if (before == 0)
                    before = Resident();
            }
            return (before, Resident(), answered);
        }
        finally
        {
            process.Kill();
            foreach (var connection in open)
                await connection.DisposeAsync().ConfigureAwait(false);
        }

        long Resident()
        {
            process.Refresh();
            return process.WorkingSet64;
        }
    }

    /// <summary>Makes connections one after the other while a thread of this process sends random datagrams to the listening node as fast as it can.</summary>
    /// <returns>How long all of them took, and how many datagrams were sent.</returns>
    public async Task<(TimeSpan Time, long Datagrams)> ConnectUnderFloodAsync(int connections, CancellationToken cancellationToken)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Connect(_far.Report.LocalEndPoint!);
        byte[] datagram = RandomNumberGenerator.GetBytes(FloodOctets);
        long sent = 0;
        bool isOver = false;
        var flood = new Thread(() =>
        {
            while (!Volatile.Read(ref isOver))
            {
                socket.Send(datagram);
                sent++;
            }
        });
        flood.Start();
        long start = Stopwatch.GetTimestamp();
        TimeSpan time;
        try
        {
            for (int i = 0; i < connections; i++)
            {
                await using var connection = await TryConnectAsync(cancellationToken).ConfigureAwait(false);
                if (connection is not null)
                    await TalkAsync(connection, isLast: true, cancellationToken).ConfigureAwait(false);
            }
            time = Stopwatch.GetElapsedTime(start);
        }
        finally
        {
            Volatile.Write(ref isOver, true);
            flood.Join();
        }
        return (time, sent);
    }
}

/// <summary>The commands that measure one load each.</summary>
public static class Measures
{
    /// <summary>What it costs that 500 and 2,000 peers do not take what was written to them before the close.</summary>
    public static async Task SilentAsync(Action<string> tell, CancellationToken cancellationToken)
    {
        foreach (int peers in (int[])[500, 2000])
        {
            await using var bench = await Bench.StartAsync().ConfigureAwait(false);
            double share = await bench.CloseUnreadAsync(peers, cancellationToken).ConfigureAwait(false);
            tell(string.Create(CultureInfo.InvariantCulture, $"{peers} peers that take nothing: {share * 100:F1} % of a processor after the close"));
        }
    }

    /// <summary>The memory of 4,000 idle connections of <c>teredo listen --echo</c>.</summary>
    public static async Task EchoAsync(string program, Action<string> tell, CancellationToken cancellationToken)
    {
        await using var bench = await Bench.StartAsync().ConfigureAwait(false);
        var (before, after, answered) = await bench.HoldEchoAsync(program, 4000, cancellationToken).ConfigureAwait(false);
        tell(string.Create(CultureInfo.InvariantCulture,
            $"{answered} idle connections of the echo: {before / 1048576.0:F0} MiB resident with the first, {(after - before) / 1048576.0:F0} MiB more with all"));
    }

    /// <summary>How long 20 connections take under a flood of datagrams; meant for one processor (taskset -c 0).</summary>
    public static async Task FloodAsync(Action<string> tell, CancellationToken cancellationToken)
    {
        await using var bench = await Bench.StartAsync().ConfigureAwait(false);
        await bench.HoldAsync(20, cancellationToken).ConfigureAwait(false);
        for (int i = 0; i < 5; i++)
        {
            var (time, datagrams) = await bench.ConnectUnderFloodAsync(20, cancellationToken).ConfigureAwait(false);
            tell(string.Create(CultureInfo.InvariantCulture,
                $"20 connections in {time.TotalSeconds:F2} s, under {datagrams / time.TotalSeconds:F0} datagrams/s, {Environment.ProcessorCount} processors"));
        }
        foreach (var (kind, count) in bench.Failures)
            tell($"{count} conversations failed: {kind}");
    }
}
