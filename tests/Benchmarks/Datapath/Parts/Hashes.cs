using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using TeredoSdk.Platform.Tests.Network;
using TeredoSdk.Platform.Tests.Programs;

namespace TeredoSdk.Datapath.Parts;

/// <summary>A gigabyte over TCP arrives as it was sent. It is no question of speed: a wrong hash ends the command.</summary>
static class Hashes
{
    const long Octets = 1_000_000_000;
    const string ToMiredo = "offload to miredo", FromMiredo = "miredo to offload";
    const string Sends = "in process to offload", Takes = "offload to in process";
    const string SendsToMiredo = "in process to miredo", TakesFromMiredo = "miredo to in process", Both = "in process to in process";

    static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    public static Part Part { get; } = new("hashes", "1 GB over TCP, hashes compared",
        "Random octets through each rung, and between our client and miredo in both directions; SHA-256 of what was sent and of what arrived. `in process` is "
        + "`teredo connect` or `teredo listen` with TCP of its own; elsewhere TCP is the kernel's.",
        ["sockets", "batches", "segments", "offload", ToMiredo, FromMiredo, Sends, Takes, SendsToMiredo, TakesFromMiredo, Both],
        [new("gigabytes", "GB that arrived whole", "0.0"), new("gbit", "Gbit/s with the hashing", "0.00")],
        (row, _) => Bed.UseAsync(bed => MeasureAsync(row, bed)))
    {
        MaxRounds = 1,
    };

    static async Task<double[]> MeasureAsync(string row, Bed bed)
    {
        using var limit = new CancellationTokenSource(Limit);
        var (address, receiving) = row is Takes or TakesFromMiredo or Both ? await ListenInProcessAsync(bed, limit.Token)
            : await ListenAsync(bed, await StartAsync(bed.Other, row is ToMiredo or SendsToMiredo), limit.Token);
        var target = new IPEndPoint(address, Traffic.TcpPort);
        Func<Task<byte[]>> sendAsync;
        if (row is Sends or SendsToMiredo or Both)
            sendAsync = () => SendInProcessAsync(bed, target, limit.Token);
        else
        {
            await StartAsync(bed.One, row is FromMiredo or TakesFromMiredo);
            sendAsync = () => SendAsync(bed, target, limit.Token);
        }
        var clock = System.Diagnostics.Stopwatch.StartNew();
        byte[] sent = await Task.Run(sendAsync), arrived = await receiving;
        return sent.SequenceEqual(arrived) ? [Octets / 1e9, Octets * 8 / 1e9 / clock.Elapsed.TotalSeconds]
            : throw new InvalidDataException($"{row}: the SHA-256 of what arrived is {Convert.ToHexString(arrived)}; {Convert.ToHexString(sent)} was sent.");

        async Task<IPAddress> StartAsync(LabHost host, bool isMiredo) =>
            isMiredo ? (await Miredo.StartClientAsync(host, bed.Server)).Address : (await Way.ClientAsync(host, bed.Server, row.Contains(' ') ? "offload" : row)).Address;
    }

    static async Task<(IPAddress Address, Task<byte[]> Receiving)> ListenAsync(Bed bed, IPAddress address, CancellationToken cancellationToken)
    {
        var listener = bed.Other.CreateSocket(AddressFamily.InterNetworkV6, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.IPv6Any, Traffic.TcpPort));
        listener.Listen();
        return (address, Task.Run(async () =>
        {
            using (listener)
            using (var receiver = await listener.AcceptAsync(cancellationToken))
                return await ReceiveAsync(receiver, cancellationToken);
        }));
    }

    static async Task<(IPAddress Address, Task<byte[]> Receiving)> ListenInProcessAsync(Bed bed, CancellationToken cancellationToken)
    {
        var process = bed.Other.Start("/bin/sh", ["-c", "\"$@\" | sha256sum", "sh", TeredoProgram.Path, "listen", $"{Traffic.TcpPort}", "--sockets", "in-process",
            .. TeredoProgram.Asking(bed.Server)], StartOptions.User);
        process.Input.Close();
        return ((await TeredoProgram.EndPointOfAsync(process)).Address, HashOfAsync(process, cancellationToken));
    }

    static async Task<byte[]> SendInProcessAsync(Bed bed, IPEndPoint target, CancellationToken cancellationToken)
    {
        string pipe = Path.Combine(bed.One.Lab.Scratch, "octets");
        await bed.One.ShellAsync($"mkfifo -m 666 {pipe}");
        string script = $"sha256sum <{pipe} & head -c {Octets} /dev/urandom | tee {pipe} | \"$@\" >/dev/null; wait";
        var process = bed.One.Start("/bin/sh", ["-c", script, "sh", TeredoProgram.Path, "connect", $"{target}", "--sockets", "in-process",
            .. TeredoProgram.Asking(bed.Server)], StartOptions.User);
        process.Input.Close();
        return await HashOfAsync(process, cancellationToken);
    }

    static async Task<byte[]> HashOfAsync(LabProcess process, CancellationToken cancellationToken)
    {
        int code = await process.WaitForExitAsync(Limit).WaitAsync(cancellationToken);
        return code == 0 ? Convert.FromHexString(process.Output.Split(' ')[0]) : throw new InvalidOperationException(process.Transcript);
    }

    static async Task<byte[]> SendAsync(Bed bed, IPEndPoint target, CancellationToken cancellationToken)
    {
        using var sender = bed.One.CreateSocket(AddressFamily.InterNetworkV6, SocketType.Stream, ProtocolType.Tcp);
        await sender.ConnectAsync(target, cancellationToken);
        return await SendAsync(sender, cancellationToken);
    }

    static async Task<byte[]> SendAsync(Socket socket, CancellationToken cancellationToken)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] buffer = new byte[1 << 20];
        for (long left = Octets; left > 0;)
        {
            var chunk = buffer.AsMemory(0, (int)Math.Min(left, buffer.Length));
            RandomNumberGenerator.Fill(chunk.Span);
            hash.AppendData(chunk.Span);
            for (var rest = chunk; rest.Length > 0;)
                rest = rest[await socket.SendAsync(rest, cancellationToken)..];
            left -= chunk.Length;
        }
        socket.Shutdown(SocketShutdown.Send);
        return hash.GetHashAndReset();
    }

    static async Task<byte[]> ReceiveAsync(Socket socket, CancellationToken cancellationToken)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] buffer = new byte[1 << 20];
        for (int length; (length = await socket.ReceiveAsync(buffer, cancellationToken)) > 0;)
            hash.AppendData(buffer.AsSpan(0, length));
        return hash.GetHashAndReset();
    }
}
