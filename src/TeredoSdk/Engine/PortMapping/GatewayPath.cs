using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using TeredoSdk.Protocol;

namespace TeredoSdk.Engine.PortMapping;

/// <summary>The way from the local endpoint to the gateway: one request and its answer at a time, over UDP.</summary>
/// <param name="Local">The endpoint on this machine to map.</param>
/// <param name="Gateway">The default route's next hop, or the gateway that the options name.</param>
/// <param name="Link">The subnet of the interface that has the local address.</param>
/// <param name="Time">The clock.</param>
/// <param name="Log">The log.</param>
sealed record GatewayPath(IPv4Endpoint Local, IPv4Address Gateway, IPv4Subnet Link, TimeProvider Time, ILogger Log)
{
    public const int Port = 5351; // RFC 6886 §3.1, RFC 6887 §19.1

    const int MaxReceived = 4096; // datagrams that we look at per request: a flood of them must not keep a processor busy

    /// <summary>The lifetime that we ask for, in seconds (RFC 6886 §3.3).</summary>
    public const uint LifetimeSeconds = 7200;

    /// <summary>How long we wait for an answer.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    /// <summary>The wait before the first retransmission; each further wait is twice as long (RFC 6886 §3.1; RFC 6887 §8.1.1 is slower).</summary>
    public static readonly TimeSpan FirstWait = TimeSpan.FromMilliseconds(250);

    IPv4Address? _stranger; // another host of whom an answer came

    /// <summary>What the gateway does when it gives no answer.</summary>
    public MappingAnswer Silence => _stranger is { } stranger
        ? MappingAnswer.Refused($"is answered from another address, {stranger}, and only answers of {Gateway} count") : MappingAnswer.Silence;

    /// <summary>Whether the host is the gateway, or another host on the same link, where a gateway may have a second address.</summary>
    public bool IsNear(IPv4Address host) => host == Gateway || Link.Contains(host);

    /// <summary>Sends a request to the gateway, and repeats it until an answer comes.</summary>
    /// <param name="request">The request.</param>
    /// <param name="read">Reads a datagram; returns null when it is not the answer to this request.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>Null when no answer comes in time, or the gateway has the port closed.</returns>
    public async Task<T?> AskAsync<T>(ReadOnlyMemory<byte> request, AnswerReader<T> read, CancellationToken cancellationToken)
        where T : struct, IGatewayAnswer
    {
        using var limit = new CancellationTokenSource(Patience, Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        var hint = new Hint<T>();
        Task<T?>? receiving = null;
        try
        {
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
            try
            {
                socket.Bind(new IPEndPoint(Local.Address.ToIPAddress(), 0));
                TellErrors(socket);
                var gateway = new IPv4Endpoint(Gateway, Port).ToIPEndPoint();
                receiving = ReceiveAsync(socket, read, hint, either.Token);
                for (var wait = FirstWait; ; wait *= 2)
                {
                    await socket.SendToAsync(request, gateway, either.Token).ConfigureAwait(false);
                    try
                    {
                        return await receiving.WaitAsync(wait, Time, either.Token).ConfigureAwait(false);
                    }
                    catch (TimeoutException) when (hint.Answer is null)
                    {
                        continue;
                    }
                    catch (TimeoutException)
                    {
                        return hint.Answer;
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
        return hint.Answer;
    }

    // The socket is not connected: an answer of another host shall be told, although it is never used (RFC 6886 §3.2, RFC 6887 §8.3). Linux tells such
    // a socket of a closed port only when it is asked to; Windows always does.
    static void TellErrors(Socket socket)
    {
        const int ipLevel = 0, receiveErrors = 11; // SOL_IP, IP_RECVERR
        if (!OperatingSystem.IsLinux())
            return;
        try
        {
            socket.SetRawSocketOption(ipLevel, receiveErrors, BitConverter.GetBytes(1));
        }
        catch (SocketException)
        {
            // A sandbox without this option: a closed port is then like silence.
        }
    }

    async Task<T?> ReceiveAsync<T>(Socket socket, AnswerReader<T> read, Hint<T> hint, CancellationToken cancellationToken)
        where T : struct, IGatewayAnswer
    {
        byte[] buffer = new byte[1100]; // RFC 6887 §7: the largest message
        for (int i = 0; ; i++)
        {
            if (i == MaxReceived)
                await Task.Delay(Timeout.InfiniteTimeSpan, Time, cancellationToken).ConfigureAwait(false);
            var received = await socket.ReceiveFromAsync(buffer, new IPEndPoint(IPAddress.Any, 0), cancellationToken).ConfigureAwait(false);
            var octets = buffer.AsSpan(0, received.ReceivedBytes);
            var source = IPv4Endpoint.FromIPEndPoint((IPEndPoint)received.RemoteEndPoint);
            if (source != new IPv4Endpoint(Gateway, Port))
            {
                if (read(octets) is not null && source.Address != Gateway)
                    _stranger ??= source.Address;
            }
            else if (read(octets) is { } answer)
            {
                if (!answer.IsHint)
                    return answer;
                hint.Answer = answer;
                continue;
            }
            if (i < 32)
                MappingLog.AnswerIgnored(Log, source, octets.Length);
        }
    }

    /// <summary>An answer that counts only if no better one comes until the request would be repeated.</summary>
    sealed class Hint<T> where T : struct
    {
        readonly Lock _gate = new();

        public T? Answer
        {
            get
            {
                lock (_gate)
                    return field;
            }
            set
            {
                lock (_gate)
                    field = value;
            }
        }
    }
}

/// <summary>An answer of the gateway.</summary>
interface IGatewayAnswer
{
    /// <summary>Whether anyone on the link could have made it up without having seen the request. A real answer that comes later counts.</summary>
    bool IsHint { get; }
}

/// <summary>Reads a datagram of the gateway; returns null when it is not the answer to the request.</summary>
delegate T? AnswerReader<T>(ReadOnlySpan<byte> datagram) where T : struct;
