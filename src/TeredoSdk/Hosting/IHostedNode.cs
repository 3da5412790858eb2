namespace TeredoSdk.Hosting;

/// <summary>The node of an application, as the application's host uses it.</summary>
interface IHostedNode
{
    /// <summary>Starts the node if it does not run, and waits for its address.</summary>
    /// <exception cref="TeredoException">There is no address. The message says why, and what to do.</exception>
    Task StartAsync(CancellationToken cancellationToken);

    /// <summary>Stops the node even when it is in use, and gives up a start that still runs. Idempotent.</summary>
    Task StopAsync();
}
