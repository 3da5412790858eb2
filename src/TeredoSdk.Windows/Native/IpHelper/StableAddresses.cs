using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace TeredoSdk.Windows.Native.IpHelper;

/// <summary>Wakes a dormant Teredo client, and waits until the table of unicast addresses is stable.</summary>
[SupportedOSPlatform("windows")]
static class StableAddresses
{
    const string Call = "NotifyStableUnicastIpAddressTable";
    const string Meaning = "this call can't wake a dormant Teredo client; traffic over Teredo wakes it, too";

    public static async Task<Reading<bool>> WaitAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        // Continuations must not run in the callback: they cancel the notification, and cancelling waits for the callback's end.
        var stable = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var context = GCHandle.Alloc(stable);
        try
        {
            var asked = NativeCall.Ask(Call, Meaning, () => Ask(GCHandle.ToIntPtr(context)));
            if (!asked.TryGet(out var pending) || pending is null)
                return asked.IsKnown ? Reading.Of(true) : Reading.Unknown<bool>(asked.Finding!);
            using (pending)
                await stable.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
            return Reading.Of(true);
        }
        finally
        {
            context.Free(); // after the notification has ended, no callback comes
        }
    }

    /// <returns>The notification to wait for. Null when the table was already stable; then there is no callback.</returns>
    static unsafe Reading<MibNotification?> Ask(nint context)
    {
        int error = IpHelperApi.NotifyStableUnicastIpAddressTable(IpHelperApi.AF_INET6, out nint table, &OnStable, context, out var notification);
        if (error == IpHelperApi.ERROR_IO_PENDING)
            return Reading.Of<MibNotification?>(notification);
        notification.Dispose();
        if (error != IpHelperApi.NO_ERROR)
            return Reading.Unknown<MibNotification?>(NativeCall.Failed(Call, error, Meaning));
        Free(table);
        return Reading.Of<MibNotification?>(null);
    }

    [UnmanagedCallersOnly]
    static void OnStable(nint context, nint table)
    {
        try
        {
            Free(table);
            if (GCHandle.FromIntPtr(context).Target is TaskCompletionSource stable)
                stable.TrySetResult();
        }
        catch (Exception)
        {
            // No exception may return into the system from here.
        }
    }

    static void Free(nint table)
    {
        if (table != 0)
            IpHelperApi.FreeMibTable(table);
    }
}
