using Microsoft.Extensions.DependencyInjection;

namespace TeredoSdk.AspNetCore;

/// <summary>Makes HTTP clients connect over Teredo.</summary>
/// <remarks>
/// A host is given by its IPv6 address, or by a name that has one; Teredo addresses are tried first. A request that can't reach its host fails
/// with an <see cref="HttpRequestException"/>. Its inner exception is a <see cref="TeredoException"/> that says why, for example
/// <see cref="TeredoError.HostNotResolved"/>, <see cref="TeredoError.PeerUnreachable"/> or <see cref="TeredoError.ConnectionRefused"/>; the next request
/// tries again. When the node's address changes, the connections from the old address end (<see cref="TeredoError.AddressChanged"/>), and the next
/// request makes a new connection.
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
    /// <summary>Makes the handler connect over a node, and never through a proxy.</summary>
    /// <param name="handler">A handler that was not used yet.</param>
    /// <param name="node">The node, which must live as long as the handler.</param>
    /// <returns><paramref name="handler"/>.</returns>
    /// <exception cref="InvalidOperationException">The handler was used already.</exception>
    public static SocketsHttpHandler UseTeredo(this SocketsHttpHandler handler, TeredoNode node)
    {
        ArgumentNullException.ThrowIfNull(node);
        return handler.Connect(node.ConnectAsync);
    }

    /// <summary>
    /// Makes the handler connect over the node of an application with dependency injection, and never through a proxy. The first request starts
    /// the node.
    /// </summary>
    /// <param name="handler">A handler that was not used yet.</param>
    /// <param name="sockets">The factory of the application.</param>
    /// <returns><paramref name="handler"/>.</returns>
    /// <exception cref="InvalidOperationException">The handler was used already.</exception>
    public static SocketsHttpHandler UseTeredo(this SocketsHttpHandler handler, ITeredoSocketFactory sockets)
    {
        ArgumentNullException.ThrowIfNull(sockets);
        return handler.Connect(sockets.ConnectAsync);
    }

    /// <summary>Makes named clients, for example of <c>services.AddHttpClient("peers")</c>, connect over Teredo.</summary>
    /// <param name="builder">The client's builder. The application must also add Teredo itself.</param>
    /// <returns><paramref name="builder"/>.</returns>
    public static IHttpClientBuilder UseTeredo(this IHttpClientBuilder builder) =>
        builder.ConfigurePrimaryHttpMessageHandler(services =>
            new SocketsHttpHandler().UseTeredo(services.GetRequiredService<ITeredoSocketFactory>()));

    static SocketsHttpHandler Connect(this SocketsHttpHandler handler, Func<string, int, CancellationToken, Task<TeredoConnection>> connect)
    {
        ArgumentNullException.ThrowIfNull(handler);
        handler.UseProxy = false; // a proxy can't reach peers over Teredo
        handler.ConnectCallback = async (context, cancellationToken) =>
            (await connect(context.DnsEndPoint.Host, context.DnsEndPoint.Port, cancellationToken).ConfigureAwait(false)).GetStream();
        return handler;
    }
}
