using System.Net.NetworkInformation;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using TeredoSdk.Windows.Filtering;

namespace TeredoSdk.Windows.IpHelper;

/// <summary>
/// Tells when addresses or the Teredo port may have changed. Asks the system from the first handler on until the last one goes. One for the
/// process, so that a late callback of the system finds it.
/// </summary>
[SupportedOSPlatform("windows")]
sealed unsafe class ChangeFeed
{
    readonly Lock _gate = new();
    Action? _handlers;
    IDisposable? _portChanges;

    ChangeFeed()
    {
    }

    public static ChangeFeed Shared { get; } = new();

    public void Add(Action? handler)
    {
        lock (_gate)
        {
            bool isFirst = _handlers is null;
            _handlers += handler;
            if (isFirst && _handlers is not null)
                Subscribe();
        }
    }

    public void Remove(Action? handler)
    {
        lock (_gate)
        {
            bool wasUsed = _handlers is not null;
            _handlers -= handler;
            if (wasUsed && _handlers is null)
                Unsubscribe();
        }
    }

    void Subscribe()
    {
        try
        {
            NetworkChange.NetworkAddressChanged += OnNetworkChange;
        }
        catch (NetworkInformationException)
        {
            // Readers ask again now and then; to subscribe must not fail.
        }
        _portChanges = (IDisposable?)WatchSystemPorts() ?? WatchTeredoPort();
    }

    void Unsubscribe()
    {
        NetworkChange.NetworkAddressChanged -= OnNetworkChange;
        _portChanges?.Dispose();
        _portChanges = null;
    }

    void OnNetworkChange(object? sender, EventArgs e) => Signal();

    // Handlers are not for the system's threads: what they call may wait for the callback's end.
    void Signal() => ThreadPool.QueueUserWorkItem(static feed => feed._handlers?.Invoke(), this, preferLocal: false);

    static SystemPortsNotification? WatchSystemPorts() => Watch(() =>
    {
        int error = FilteringApi.FwpmSystemPortsSubscribe0(0, 0, &OnSystemPorts, 0, out var notification);
        return (error, notification);
    });

    static MibNotification? WatchTeredoPort() => Watch(() =>
    {
        int error = IpHelperApi.NotifyTeredoPortChange(&OnTeredoPort, 0, 0, out var notification);
        return (error, notification);
    });

    // Where neither is there, changes of the port show with those of addresses.
    static T? Watch<T>(Func<(int Error, T Notification)> subscribe) where T : SafeHandle
    {
        try
        {
            var (error, notification) = subscribe();
            if (error == IpHelperApi.NO_ERROR)
                return notification;
            notification.Dispose();
            return null;
        }
        catch (Exception e) when (NativeCall.IsAbsence(e))
        {
            return null;
        }
    }

    [UnmanagedCallersOnly]
    static void OnSystemPorts(nint context, SystemPortsList* ports) => SignalShared();

    [UnmanagedCallersOnly]
    static void OnTeredoPort(nint context, ushort port, int kind) => SignalShared();

    static void SignalShared()
    {
        try
        {
            Shared.Signal();
        }
        catch (Exception)
        {
            // Nothing may go back into the system from here.
        }
    }
}
