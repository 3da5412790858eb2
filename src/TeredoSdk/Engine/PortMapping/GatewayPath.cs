using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using TeredoSdk.Protocol;

namespace TeredoSdk.Engine.PortMapping;

/// <summary>The way from the local endpoint to the gateway: one request and its answer at a time, over UDP.</summary>
/// <param name="Local">The endpoint on this machine to map.</param>
/// <param name="Gateway">The default route's next hop.</param>
/// <param name="Time">The clock.</param>
/// <param name="Log">The log.</param>
sealed record GatewayPath(IPv4Endpoint Local, IPv4Address Gateway, TimeProvider Time, ILogger Log)
{
    public const int Port = 5351; // RFC 6886 §3.1, RFC 6887 §19.1

    /// <summary>The lifetime that we ask for, in seconds (RFC 6886 §3.3).</summary>
    public const uint LifetimeSeconds = 7200;

    /// <summary>How long we wait for an answer.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    /// <summary>The wait before the first retransmission; each further wait is twice as long (RFC 6886 §3.1; RFC 6887 §8.1.1 is slower).</summary>
    public static readonly TimeSpan FirstWait = TimeSpan.FromMilliseconds(250);

    /// <summary>Sends a request to the gateway, and repeats it until an answer comes.</summary>
    /// <param name="request">The request.</param>
    /// <param name="read">Reads a datagram; returns null when it is not the answer to this request.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>Null when no answer comes in time, or the gateway has the port closed.</returns>
    public async Task<T?> AskAsync<T>(ReadOnlyMemory<byte> request, AnswerReader<T> read, CancellationToken cancellationToken) where T : struct
    {
        using var limit = new CancellationTokenSource(Patience, Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        Task<T?>? receiving = null;
        try
        {
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
            try
            {
                socket.Bind(new IPEndPoint(Local.Address.ToIPAddress(), 0));
                socket.Connect(new IPv4Endpoint(Gateway, Port).ToIPEndPoint()); // datagrams from other hosts are not received (RFC 6887 §8.3)
                receiving = ReceiveAsync(socket, read, either.Token);
                for (var wait = FirstWait; ; wait *= 2)
                {
                    await socket.SendAsync(request, either.Token).ConfigureAwait(false);
                    try
                    {
                        return await receiving.WaitAsync(wait, Time, either.Token).ConfigureAwait(false);
                    }
                    catch (TimeoutException)
                    {
                        continue;
                    }
                }
            }
            finally
            {
                await either.CancelAsync().ConfigureAwait(false);
                if (receiving is not null)
                    await ((Task)receiving).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
        catch (SocketException e)
        {
            MappingLog.NoAnswer(Log, Gateway, e.Message);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            MappingLog.NoAnswer(Log, Gateway, "silence");
        }
        return null;
    }

    async Task<T?> ReceiveAsync<T>(Socket socket, AnswerReader<T> read, CancellationToken cancellationToken) where T : struct
    {
        byte[] buffer = new byte[1100]; // RFC 6887 §7: the largest message
        while (true)
        {
            int length = await socket.ReceiveAsync(buffer, cancellationToken).ConfigureAwait(false);
            if (read(buffer.AsSpan(0, length)) is { } answer)
                return answer;
            MappingLog.AnswerIgnored(Log, Gateway, length);
        }
    }
}

/// <summary>Reads a datagram of the gateway; returns null when it is not the answer to the request.</summary>
delegate T? AnswerReader<T>(ReadOnlySpan<byte> datagram) where T : struct;
