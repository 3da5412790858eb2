using Microsoft.Extensions.DependencyInjection;

namespace TeredoSdk.AspNetCore;

/// <summary>Has HTTP clients connect over Teredo.</summary>
/// <remarks>
/// Hosts are named by their IPv6 address, or by a name with one; Teredo addresses are tried first. A request that can't reach its host fails
/// with an <see cref="HttpRequestException"/> whose inner exception is the <see cref="TeredoException"/> that says why:
/// <see cref="TeredoError.HostNotResolved"/>, <see cref="TeredoError.PeerUnreachable"/>, <see cref="TeredoError.ConnectionRefused"/> and the like; the next
/// request tries again. When the address of the node changes, the connections of the old one end (<see cref="TeredoError.AddressChanged"/>), and the next
/// request makes a new one.
/// </remarks>
/// <example>
/// <code>
/// await using var node = await TeredoNode.StartAsync(options);
/// using var client = new HttpClient(new SocketsHttpHandler().UseTeredo(node));
/// Console.WriteLine(await client.GetStringAsync("http://[2001:0:cb00:7101:2443:665f:34ff:8ef4]:8080/"));
/// </code>
/// </example>
public static class TeredoHttpExtensions
{
    /// <summary>Connects over a node, and never through a proxy.</summary>
    /// <param name="handler">A handler that was not used yet.</param>
    /// <param name="node">The node, which has to live as long as the handler.</param>
    /// <returns><paramref name="handler"/>.</returns>
    /// <exception cref="InvalidOperationException">The handler was used already.</exception>
    public static SocketsHttpHandler UseTeredo(this SocketsHttpHandler handler, TeredoNode node)
    {
        ArgumentNullException.ThrowIfNull(node);
        return handler.Connect(node.ConnectAsync);
    }

    /// <summary>Connects over the node of an application that injects, and never through a proxy. The first request starts it.</summary>
    /// <param name="handler">A handler that was not used yet.</param>
    /// <param name="sockets">The factory.</param>
    /// <returns><paramref name="handler"/>.</returns>
    /// <exception cref="InvalidOperationException">The handler was used already.</exception>
    public static SocketsHttpHandler UseTeredo(this SocketsHttpHandler handler, ITeredoSocketFactory sockets)
    {
        ArgumentNullException.ThrowIfNull(sockets);
        return handler.Connect(sockets.ConnectAsync);
    }

    /// <summary>Has the clients of a name, as of <c>services.AddHttpClient("peers")</c>, connect over Teredo.</summary>
    /// <param name="builder">The client; the application has added Teredo itself as well.</param>
    /// <returns><paramref name="builder"/>.</returns>
    public static IHttpClientBuilder UseTeredo(this IHttpClientBuilder builder) =>
        builder.ConfigurePrimaryHttpMessageHandler(services =>
            new SocketsHttpHandler().UseTeredo(services.GetRequiredService<ITeredoSocketFactory>()));

    static SocketsHttpHandler Connect(this SocketsHttpHandler handler, Func<string, int, CancellationToken, Task<TeredoConnection>> connect)
    {
        ArgumentNullException.ThrowIfNull(handler);
        handler.UseProxy = false; // a proxy is no peer
        handler.ConnectCallback = async (context, cancellationToken) =>
            (await connect(context.DnsEndPoint.Host, context.DnsEndPoint.Port, cancellationToken).ConfigureAwait(false)).GetStream();
        return handler;
    }
}
