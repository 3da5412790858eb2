using System.Net;
using System.Net.WebSockets;

namespace TeredoSdk.AspNetCore;

/// <summary>Opens WebSockets over Teredo, for example those of a SignalR client.</summary>
/// <example>
/// <code>
/// // SignalR: new HubConnectionBuilder().WithUrl(url, connection =&gt; connection.WebSocketFactory = async (context, cancel) =&gt;
/// //     await node.ConnectWebSocketAsync(context.Uri, cancellationToken: cancel)), with SkipNegotiation and Transports = WebSockets.
/// await using var node = await TeredoNode.StartAsync();
/// using var socket = await node.ConnectWebSocketAsync(new Uri("ws://[2001:0:cb00:7101:2443:665f:34ff:8ef4]:8080/live"));
/// await socket.SendAsync("hello"u8.ToArray(), System.Net.WebSockets.WebSocketMessageType.Text, endOfMessage: true, default);
/// </code>
/// </example>
public static class TeredoWebSocketExtensions
{
    /// <summary>Connects a WebSocket over a node, and never through a proxy.</summary>
    /// <param name="node">The node, which must live as long as the socket.</param>
    /// <param name="uri">A <c>ws://</c> or <c>wss://</c> address. Its host is an IPv6 address, or a name that has one.</param>
    /// <param name="configure">Sets headers, sub-protocols and so on; null for none.</param>
    /// <param name="cancellationToken">Gives up; nothing is left behind.</param>
    /// <returns>The socket, which the caller owns.</returns>
    /// <exception cref="WebSocketException">
    /// The connection failed. When the peer can't be reached, an inner exception is the <see cref="TeredoException"/> that says why.
    /// </exception>
    public static Task<WebSocket> ConnectWebSocketAsync(this TeredoNode node, Uri uri, Action<ClientWebSocketOptions>? configure = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(node);
        return ConnectAsync(new SocketsHttpHandler().UseTeredo(node), uri, configure, cancellationToken);
    }

    /// <summary>
    /// Connects a WebSocket over the node of an application with dependency injection, and never through a proxy. The first use starts the node.
    /// </summary>
    /// <param name="sockets">The factory of the application.</param>
    /// <param name="uri">A <c>ws://</c> or <c>wss://</c> address. Its host is an IPv6 address, or a name that has one.</param>
    /// <param name="configure">Sets headers, sub-protocols and so on; null for none.</param>
    /// <param name="cancellationToken">Gives up; nothing is left behind.</param>
    /// <inheritdoc cref="ConnectWebSocketAsync(TeredoNode, Uri, Action{ClientWebSocketOptions}?, CancellationToken)" path="/returns"/>
    /// <inheritdoc cref="ConnectWebSocketAsync(TeredoNode, Uri, Action{ClientWebSocketOptions}?, CancellationToken)" path="/exception"/>
    public static Task<WebSocket> ConnectWebSocketAsync(this ITeredoSocketFactory sockets, Uri uri, Action<ClientWebSocketOptions>? configure = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(sockets);
        return ConnectAsync(new SocketsHttpHandler().UseTeredo(sockets), uri, configure, cancellationToken);
    }

    static async Task<WebSocket> ConnectAsync(SocketsHttpHandler handler, Uri uri, Action<ClientWebSocketOptions>? configure,
        CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(uri);
        var socket = new ClientWebSocket();
        try
        {
            configure?.Invoke(socket.Options);
            using var invoker = new HttpMessageInvoker(handler); // an upgraded connection is the socket's alone, and lives on
            socket.Options.HttpVersion = HttpVersion.Version11;
            await socket.ConnectAsync(uri, invoker, cancellationToken).ConfigureAwait(false);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
