using System.Runtime.Versioning;
using Microsoft.Extensions.Logging;
using TeredoSdk.Machine;
using TeredoSdk.Protocol;
using TeredoSdk.Telemetry;

namespace TeredoSdk.Engine.Linux;

/// <summary>A host-specific relay (RFC 4380 §2.12, §5.4) for the machine's native IPv6 addresses. It runs while the machine has any.</summary>
[SupportedOSPlatform("linux")]
sealed class OwnAddressRelay(DeviceRelay relay, IHostNetwork network, IInterfaceTable interfaces, ILogger log, IPv4Address towards)
    : IAsyncDisposable
{
    const string Waiting = "This machine has no native IPv6 address with a default route. The relay runs as soon as there is one.";

    readonly SemaphoreSlim _updating = new(1);
    bool _disposed;
    string? _problem;

    /// <summary>The addresses served, as /128; empty while the relay does not run.</summary>
    public IReadOnlyList<IPv6Prefix> Served => relay.Driver is null ? [] : relay.Served;

    /// <summary>Starts to follow changes of the network.</summary>
    /// <exception cref="TeredoException">The machine has native IPv6, but the relay can't run.</exception>
    public async Task StartAsync()
    {
        network.Changed += HandleChanged;
        await UpdateAsync().ConfigureAwait(false);
    }

    /// <summary>Takes a packet of the kernel; <see cref="Flush"/> must follow before the burst ends.</summary>
    public void Add(in DeviceBurst burst, in DevicePacket packet) => relay.Add(burst, packet);

    public void Flush() => relay.Flush();

    public TeredoRelayReport Report => relay.Describe(isHostSpecific: true, stopped: Volatile.Read(ref _problem) ?? Waiting);

    public async ValueTask DisposeAsync()
    {
        network.Changed -= HandleChanged;
        await _updating.WaitAsync().ConfigureAwait(false);
        _disposed = true;
        await relay.DisposeAsync().ConfigureAwait(false);
        _updating.Release();
    }

    async void HandleChanged()
    {
        try
        {
            await UpdateAsync().ConfigureAwait(false);
        }
        catch (TeredoException e)
        {
            Volatile.Write(ref _problem, e.Message);
            Log.RelayFailed(log, e.Message);
        }
        catch (Exception e) // runs on a thread of the runtime: no other code would see the exception
        {
            Log.EngineFault(log, e);
        }
    }

    async Task UpdateAsync()
    {
        await _updating.WaitAsync().ConfigureAwait(false);
        try
        {
            if (_disposed)
                return;
            await relay.UpdateAsync(network.Describe(towards).HasNativeIPv6 ? FindOwn() : []).ConfigureAwait(false);
            Volatile.Write(ref _problem, null);
        }
        finally
        {
            _updating.Release();
        }
    }

    IPv6Prefix[] FindOwn() => [.. interfaces.List().Select(candidate => candidate.Address).Where(address => address.IsNative).Distinct()
        .OrderBy(address => (address.High, address.Low)).Select(address => new IPv6Prefix(address, 128))];
}
