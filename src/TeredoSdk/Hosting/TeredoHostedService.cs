using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace TeredoSdk.Hosting;

/// <summary>Starts the node before the host's other services when the options say so, and stops it after them.</summary>
sealed class TeredoHostedService(IHostedNode node, IOptions<TeredoHostingOptions> options) : IHostedLifecycleService
{
    public Task StartingAsync(CancellationToken cancellationToken) =>
        options.Value.StartWithHost ? node.StartAsync(cancellationToken) : Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    // Until now the application's own services may use their sockets, for example to say goodbye.
    public Task StoppedAsync(CancellationToken cancellationToken) => node.StopAsync();
}
