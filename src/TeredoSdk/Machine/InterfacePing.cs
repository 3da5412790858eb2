using System.Diagnostics;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace TeredoSdk.Machine;

/// <summary>Sends Echo Requests from an interface: over an ICMPv6 socket of this process on Linux, through the system elsewhere.</summary>
static class InterfacePing
{
    const int HeaderOctets = 8, DataOctets = 32; // RFC 4443 §4.1: type, code, checksum, identifier, sequence number
    const byte EchoRequest = 128, EchoReply = 129;

    /// <exception cref="TeredoException"><see cref="TeredoError.AccessDenied"/>: this process may not open ICMPv6 sockets.</exception>
    public static Task<TeredoPingReply> SendAsync(TeredoInterface from, IPAddress target, TimeSpan timeout, CancellationToken cancel) =>
        OperatingSystem.IsLinux() ? SendOverSocketAsync(from, target, timeout, cancel) : SendBySystemAsync(target, timeout, cancel);

    /// <summary>Lets the system send the request; Windows allows this to every user.</summary>
    public static async Task<TeredoPingReply> SendBySystemAsync(IPAddress target, TimeSpan timeout, CancellationToken cancellationToken)
    {
        using var ping = new Ping();
        try
        {
            var reply = await ping.SendPingAsync(target, timeout, cancellationToken: cancellationToken).ConfigureAwait(false);
            return reply.Status switch
            {
                IPStatus.Success => new()
                {
                    Address = target,
                    Status = IPStatus.Success,
                    RoundTripTime = TimeSpan.FromMilliseconds(reply.RoundtripTime),
                },
                IPStatus.TimedOut => new() { Address = target, Status = IPStatus.TimedOut },
                _ => new()
                {
                    Address = target,
                    Status = IPStatus.DestinationHostUnreachable,
                    Problem = $"{target} can't be reached ({reply.Status}).",
                },
            };
        }
        catch (PingException e)
        {
            return new()
            {
                Address = target,
                Status = IPStatus.DestinationHostUnreachable,
                Problem = $"{target} can't be reached ({e.InnerException?.Message ?? e.Message}).",
            };
        }
    }

    static async Task<TeredoPingReply> SendOverSocketAsync(TeredoInterface from, IPAddress target, TimeSpan timeout, CancellationToken cancel)
    {
        using var socket = Open();
        using var overdue = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        byte[] request = new byte[HeaderOctets + DataOctets], reply = new byte[HeaderOctets + DataOctets];
        request[0] = EchoRequest; // the kernel fills in the checksum
        RandomNumberGenerator.Fill(request.AsSpan(HeaderOctets));
        try
        {
            InterfaceSockets.TieToDevice(socket, from);
            socket.Bind(new IPEndPoint(from.Address.ToIPAddress(), 0));
            socket.Connect(new IPEndPoint(target, 0)); // only packets of the target, and errors about our packets, are received
            overdue.CancelAfter(timeout);
            long sentAt = Stopwatch.GetTimestamp();
            await socket.SendAsync(request, overdue.Token).ConfigureAwait(false);
            while (true)
            {
                int length = await socket.ReceiveAsync(reply, overdue.Token).ConfigureAwait(false);
                if (length == request.Length && reply[0] == EchoReply && reply.AsSpan(HeaderOctets).SequenceEqual(request.AsSpan(HeaderOctets)))
                    return new() { Address = target, Status = IPStatus.Success, RoundTripTime = Stopwatch.GetElapsedTime(sentAt) };
            }
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return new() { Address = target, Status = IPStatus.TimedOut };
        }
        catch (SocketException e)
        {
            return new()
            {
                Address = target,
                Status = IPStatus.DestinationHostUnreachable,
                Problem = $"{target} can't be reached ({e.Message}). Check that it is running and has this very address.",
            };
        }
    }

    static Socket Open()
    {
        foreach (var type in new[] { SocketType.Dgram, SocketType.Raw })
        {
            try
            {
                return new(AddressFamily.InterNetworkV6, type, ProtocolType.IcmpV6);
            }
            catch (SocketException)
            {
                // A datagram socket needs the user's group in net.ipv4.ping_group_range; a raw socket needs CAP_NET_RAW.
            }
        }
        throw new TeredoException(TeredoError.AccessDenied, "This process may not send Echo Requests. An administrator allows it to everybody with "
            + "sysctl -w net.ipv4.ping_group_range=\"0 2147483647\", or to this program with setcap cap_net_raw+ep FILE.");
    }
}
