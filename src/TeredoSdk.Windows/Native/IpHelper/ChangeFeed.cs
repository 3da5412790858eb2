using System.Net.NetworkInformation;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using TeredoSdk.Windows.Native.Filtering;

namespace TeredoSdk.Windows.Native.IpHelper;

/// <summary>
/// Signals that addresses or the Teredo port may have changed. It subscribes to the system while it has handlers. There is one instance in the
/// process, so that a late callback of the system still finds it.
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
            // Subscribing must not fail; readers also check from time to time.
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

    // Handlers run on other threads than the system's, because their calls may wait for the end of the callback.
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

    // Returns null where the system lacks the function. Changes of the port then show together with changes of addresses.
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
            // No exception may return into the system from here.
        }
    }
}
