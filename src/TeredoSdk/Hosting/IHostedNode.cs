namespace TeredoSdk.Hosting;

/// <summary>The node of an application, as far as its host sees it.</summary>
interface IHostedNode
{
    /// <summary>Starts the node unless it runs, and waits for its address.</summary>
    /// <exception cref="TeredoException">There is no address; why, and what to do.</exception>
    Task StartAsync(CancellationToken cancellationToken);

    /// <summary>Stops the node, whoever uses it, and gives up a start. Idempotent.</summary>
    Task StopAsync();
}
