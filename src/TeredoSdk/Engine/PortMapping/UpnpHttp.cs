using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using TeredoSdk.Protocol;

namespace TeredoSdk.Engine.PortMapping;

/// <summary>HTTP to a gateway on our own link, and to no other host: no proxy, no redirects, no host names, and answers of limited size.</summary>
sealed class UpnpHttp : IDisposable
{
    readonly GatewayPath _path;
    readonly HttpClient _client;

    public UpnpHttp(GatewayPath path)
    {
        _path = path;
        _client = new(new SocketsHttpHandler
        {
            UseProxy = false,
            AllowAutoRedirect = false,
            UseCookies = false,
            ActivityHeadersPropagator = null,
            MaxResponseHeadersLength = 16, // KB
            ConnectCallback = ConnectAsync,
        })
        {
            MaxResponseContentBufferSize = UpnpDocument.MaxOctets,
            Timeout = Timeout.InfiniteTimeSpan, // the callers set a limit, with their own clock
        };
    }

    /// <returns>Null when there is no answer.</returns>
    public Task<byte[]?> GetAsync(Uri uri, CancellationToken cancellationToken) => SendAsync(new(HttpMethod.Get, uri), cancellationToken);

    /// <summary>Calls an action.</summary>
    public async Task<UpnpAnswer> CallAsync(UpnpService service, string action, (string Name, string Value)[] arguments,
        CancellationToken cancellationToken)
    {
        var content = new ByteArrayContent(UpnpDocument.WriteCall(service.Type, action, arguments));
        content.Headers.ContentType = MediaTypeHeaderValue.Parse("text/xml; charset=\"utf-8\"");
        var request = new HttpRequestMessage(HttpMethod.Post, service.Control) { Content = content };
        request.Headers.Add("SOAPAction", $"\"{service.Type}#{action}\"");
        return await SendAsync(request, cancellationToken).ConfigureAwait(false) is { } octets
            ? UpnpDocument.ReadAnswer(octets) : new() { Error = UpnpAnswer.Unreadable };
    }

    public void Dispose() => _client.Dispose();

    async Task<byte[]?> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        string host = request.RequestUri!.Host;
        try
        {
            using (request)
            using (var response = await _client.SendAsync(request, cancellationToken).ConfigureAwait(false))
            {
                // An action that failed is answered with status 500 and a readable body (UPnP Device Architecture 1.1 §3.2.5).
                if (response.StatusCode is HttpStatusCode.OK or HttpStatusCode.InternalServerError)
                    return await response.Content.ReadAsByteArrayAsync(cancellationToken).ConfigureAwait(false);
                MappingLog.UpnpIgnored(_path.Log, host, $"HTTP status {(int)response.StatusCode}");
            }
        }
        catch (Exception e) when (e is HttpRequestException or IOException or SocketException)
        {
            MappingLog.UpnpIgnored(_path.Log, host, e.Message);
        }
        return null;
    }

    // Connects from the address of the interface that leads to the gateway. Whoever made the URL has checked its host already.
    async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        if (!IPv4Address.TryParse(context.DnsEndPoint.Host, out var host) || !_path.IsNear(host))
            throw new IOException($"{context.DnsEndPoint.Host} is not on the link to the gateway");
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            socket.Bind(new IPEndPoint(_path.Local.Address.ToIPAddress(), 0));
            await socket.ConnectAsync(new IPEndPoint(host.ToIPAddress(), context.DnsEndPoint.Port), cancellationToken).ConfigureAwait(false);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
