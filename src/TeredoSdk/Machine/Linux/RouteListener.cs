using System.ComponentModel;
using System.Net.Sockets;
using System.Runtime.Versioning;
using Microsoft.Extensions.Logging;
using TeredoSdk.Telemetry;

namespace TeredoSdk.Machine.Linux;

/// <summary>Listens to the kernel: tells when links, addresses, routes or routing rules of this machine's network change.</summary>
/// <remarks>
/// It uses a netlink socket of its own. The runtime's events know nothing of rules, and its timer behind them may throw while interfaces come and go,
/// which ends the process. What happens within a short time is told once. The handler is called by one thread at a time.
/// </remarks>
[SupportedOSPlatform("linux")]
sealed class RouteListener : IDisposable
{
    // linux/rtnetlink.h: RTMGRP_LINK, RTMGRP_IPV4_IFADDR, RTMGRP_IPV4_ROUTE, RTMGRP_IPV4_RULE, RTMGRP_IPV6_IFADDR, RTMGRP_IPV6_ROUTE,
    // and RTNLGRP_IPV6_RULE. Routes that go with their link are told by the link's message alone.
    const uint Groups = 0x1 | 0x10 | 0x40 | 0x80 | 0x100 | 0x400 | (1 << 18);
    const int BufferOctets = 32 << 10;

    static readonly TimeSpan Gathering = TimeSpan.FromMilliseconds(100), ErrorPause = TimeSpan.FromSeconds(1);

    readonly Socket _socket;
    readonly Action _changed;
    readonly ILogger _log;
    readonly CancellationTokenSource _closed = new();
    readonly CancellationToken _closing;

    /// <exception cref="Win32Exception">The system refuses such a socket, or a limit is reached.</exception>
    public RouteListener(Action changed, ILogger log)
    {
        (_changed, _log, _closing) = (changed, log, _closed.Token);
        _socket = Open();
        Completion = Task.Run(ListenAsync);
    }

    /// <summary>Ends when the handler is no longer called.</summary>
    internal Task Completion { get; }

    public void Dispose()
    {
        _closed.Cancel();
        _closed.Dispose();
        _socket.Dispose();
    }

    static unsafe Socket Open()
    {
        var opened = Netlink.Open();
        var handle = new SafeSocketHandle(opened.DangerousGetHandle(), ownsHandle: true);
        opened.SetHandleAsInvalid(); // the socket owns it from here on
        try
        {
            var local = new Libc.NetlinkAddress { Family = Libc.AF_NETLINK, Groups = Groups };
            if (Libc.Bind((int)handle.DangerousGetHandle(), &local, (uint)sizeof(Libc.NetlinkAddress)) != 0)
                throw new Win32Exception();
            return new(handle) { Blocking = false };
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    async Task ListenAsync()
    {
        byte[] buffer = new byte[BufferOctets];
        while (!_closing.IsCancellationRequested)
        {
            try
            {
                await _socket.ReceiveAsync(buffer, SocketFlags.None, _closing).ConfigureAwait(false);
                await Task.Delay(Gathering, _closing).ConfigureAwait(false);
                while (_socket.Receive(buffer, SocketFlags.None, out _) > 0)
                {
                    // One look at the network covers all of it.
                }
            }
            catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
            {
                return;
            }
            catch (SocketException e) // ENOBUFS: there was more than the socket could hold, which is a change all the same
            {
                if (_closing.IsCancellationRequested)
                    return;
                Log.ReceiveFailed(_log, e.Message);
                await Task.Delay(ErrorPause, _closing).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            Tell();
        }
    }

    void Tell()
    {
        try
        {
            if (!_closing.IsCancellationRequested)
                _changed();
        }
        catch (Exception e) // a defect of ours: it costs one notification, but listening goes on
        {
            Log.EngineFault(_log, e);
        }
    }
}
