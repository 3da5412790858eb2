using System.Net;
using System.Net.Sockets;
using TeredoSdk.Protocol;

namespace TeredoSdk.Engine.PortMapping;

/// <summary>The result of a search for UPnP services.</summary>
/// <param name="Services">The services that map ports, the gateway's own first.</param>
/// <param name="Problem">Why there are none; it follows the protocol's name in a sentence.</param>
readonly record struct UpnpFindings(IReadOnlyList<UpnpService> Services, string Problem);

/// <summary>
/// Looks for the gateway's UPnP services: sends a search to the gateway and to the multicast group, then reads the description of each that answers.
/// </summary>
/// <remarks>
/// A gateway may answer from a second address, and with several locations of which some are dead. So other hosts of the link are listened to, too; what
/// they name must lie on themselves. The gateway's own services are preferred.
/// </remarks>
sealed class UpnpSearch
{
    const int MaxHosts = 8, MaxLocations = 16; // other hosts that we ask; descriptions per host that we read
    const int MaxReceived = 4096, MaxLogged = 32;

    static readonly TimeSpan Grace = TimeSpan.FromSeconds(1); // for the gateway's answer, once another host has given services: MX of the search

    readonly GatewayPath _path;
    readonly Lock _gate = new();
    readonly HashSet<Uri> _locations = [];
    readonly List<Task> _reading = [];
    readonly List<UpnpService> _services = [];
    readonly TaskCompletionSource _foundGateway = NewSignal(), _foundOther = NewSignal();
    string _problem = "is not there";
    int _problemRank;

    UpnpSearch(GatewayPath path) => _path = path;

    /// <summary>Searches until the gateway's services are found. Cancelling ends the search with what is found so far.</summary>
    public static async Task<UpnpFindings> FindAsync(GatewayPath path, CancellationToken cancellationToken)
    {
        var search = new UpnpSearch(path);
        try
        {
            await search.RunAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (SocketException e)
        {
            MappingLog.NoAnswer(path.Log, path.Gateway, e.Message);
        }
        catch (OperationCanceledException)
        {
            // The time is over, or another protocol has given a mapping.
        }
        return search.Findings;
    }

    UpnpFindings Findings
    {
        get
        {
            lock (_gate)
                return new([.. _services.OrderBy(service => service.Control.Host != _path.Gateway.ToString())], _problem);
        }
    }

    async Task RunAsync(CancellationToken cancellationToken)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(_path.Local.Address.ToIPAddress(), 0));
        socket.SetSocketOption(SocketOptionLevel.IP, SocketOptionName.MulticastInterface, _path.Local.Address.ToIPAddress().GetAddressBytes());
        socket.SetSocketOption(SocketOptionLevel.IP, SocketOptionName.MulticastTimeToLive, 2); // UPnP Device Architecture 1.1 §1.1
        using var http = new UpnpHttp(_path);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task[] parts = [SendAsync(socket, stop.Token), ReceiveAsync(socket, http, stop.Token)];
        try
        {
            await Task.WhenAny([_foundGateway.Task, _foundOther.Task, .. parts]).WaitAsync(stop.Token).ConfigureAwait(false);
            if (_foundOther.Task.IsCompleted)
                await _foundGateway.Task.WaitAsync(Grace, _path.Time, stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        finally
        {
            await stop.CancelAsync().ConfigureAwait(false);
            foreach (var part in parts)
                await part.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await Task.WhenAll(_reading).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // nothing is added after the receiving has ended
        }
    }

    async Task SendAsync(Socket socket, CancellationToken cancellationToken)
    {
        for (var wait = GatewayPath.FirstWait; ; wait *= 2)
        {
            Send(socket, _path.Gateway);
            Send(socket, SsdpAnswer.Group);
            await Task.Delay(wait, _path.Time, cancellationToken).ConfigureAwait(false);
        }
    }

    static void Send(Socket socket, IPv4Address target)
    {
        try
        {
            socket.SendTo(SsdpAnswer.WriteSearch(target), new IPv4Endpoint(target, SsdpAnswer.Port).ToIPEndPoint());
        }
        catch (SocketException)
        {
            // There is no route for multicast, or the gateway's port is closed. The other of the two targets may still answer.
        }
    }

    // Only the time ends this: many datagrams of others must not keep the gateway's one out.
    async Task ReceiveAsync(Socket socket, UpnpHttp http, CancellationToken cancellationToken)
    {
        byte[] buffer = new byte[2048];
        int failures = 0;
        for (int i = 0; ; i++)
        {
            SocketReceiveFromResult received;
            try
            {
                received = await socket.ReceiveFromAsync(buffer, new IPEndPoint(IPAddress.Any, 0), cancellationToken).ConfigureAwait(false);
            }
            catch (SocketException) when (++failures < MaxReceived)
            {
                continue; // an ICMP error, or a datagram larger than the buffer
            }
            var source = IPv4Address.FromIPAddress(((IPEndPoint)received.RemoteEndPoint).Address);
            if (i >= MaxReceived && source != _path.Gateway)
                continue;
            string? problem = Take(buffer.AsSpan(0, received.ReceivedBytes), source, http, cancellationToken);
            if (problem is not null && i < MaxLogged)
                MappingLog.UpnpIgnored(_path.Log, $"{source}", problem);
        }
    }

    // Returns why the datagram is of no use.
    string? Take(ReadOnlySpan<byte> datagram, IPv4Address source, UpnpHttp http, CancellationToken cancellationToken)
    {
        if (SsdpAnswer.Read(datagram, source, out string problem) is not { } location)
            return source == _path.Gateway ? Tell(2, $"answers, but {problem}") : problem;
        if (!_path.IsNear(source))
            return Tell(1, $"answers from another address, {source}, which is not on the link to the gateway {_path.Gateway}");
        lock (_gate)
        {
            int ofHost = _locations.Count(known => known.Host == location.Host);
            bool isNewHost = ofHost == 0 && source != _path.Gateway; // the gateway's place is always kept
            if (ofHost >= MaxLocations || (isNewHost && _locations.DistinctBy(known => known.Host).Count() >= MaxHosts))
                return "there were enough answers";
            if (_locations.Add(location))
                _reading.Add(ReadAsync(http, location, source, cancellationToken));
        }
        return null;
    }

    async Task ReadAsync(UpnpHttp http, Uri location, IPv4Address host, CancellationToken cancellationToken)
    {
        byte[]? octets = null;
        try
        {
            octets = await http.GetAsync(location, cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The host took the connection and went silent.
        }
        var services = octets is null ? null : UpnpDocument.ReadServices(octets, location, host);
        if (services is not { Count: > 0 })
        {
            string problem = octets is null ? "could not be fetched" : services is null ? "could not be read" : "names no service that maps ports";
            MappingLog.UpnpIgnored(_path.Log, $"{host}", Tell(host == _path.Gateway ? 4 : 3, $"answers at {host}, but its description {problem}"));
            return;
        }
        lock (_gate)
            _services.AddRange(services);
        (host == _path.Gateway ? _foundGateway : _foundOther).TrySetResult();
    }

    // Keeps the problem that says most.
    string Tell(int rank, string problem)
    {
        lock (_gate)
            if (rank > _problemRank)
                (_problemRank, _problem) = (rank, problem);
        return problem;
    }

    static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
