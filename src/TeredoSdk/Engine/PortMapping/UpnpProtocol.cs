using System.Globalization;
using System.Security.Cryptography;
using TeredoSdk.Protocol;
using TeredoSdk.Protocol.Client;

namespace TeredoSdk.Engine.PortMapping;

/// <summary>UPnP IGD: the services WANIPConnection (versions 1 and 2) and WANPPPConnection.</summary>
sealed class UpnpProtocol(GatewayPath path, IReadOnlyList<UpnpService> services) : IMappingProtocol
{
    const int MaxConflicts = 4, FirstPort = 1024;

    UpnpService? _service; // the service that the mapping was requested from
    ushort _port;

    public string Name => "UPnP IGD";

    public async Task<MappingAnswer> MapAsync(IPv4Endpoint external, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(GatewayPath.Patience, path.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            using var http = new UpnpHttp(path);
            var answer = MappingAnswer.Silence;
            foreach (var service in services) // a gateway may list a service that is not connected
                if ((answer = await MapAsync(http, service, external.Port, either.Token).ConfigureAwait(false)).Refusal is null)
                    break;
            return answer;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return MappingAnswer.Silence;
        }
    }

    public async Task<bool> CheckAsync(CancellationToken cancellationToken)
    {
        if (_service is not { } service)
            return true;
        using var limit = new CancellationTokenSource(GatewayPath.Patience, path.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            using var http = new UpnpHttp(path);
            var answer = await http.CallAsync(service, "GetSpecificPortMappingEntry", Entry(_port), either.Token).ConfigureAwait(false);
            return answer.Error != UpnpAnswer.NoSuchEntryInArray;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return true;
        }
    }

    public async Task RemoveAsync(CancellationToken cancellationToken)
    {
        if (_service is not { } service)
            return;
        using var http = new UpnpHttp(path);
        await http.CallAsync(service, "DeletePortMapping", Entry(_port), cancellationToken).ConfigureAwait(false);
    }

    async Task<MappingAnswer> MapAsync(UpnpHttp http, UpnpService service, ushort port, CancellationToken cancellationToken)
    {
        var external = await http.CallAsync(service, "GetExternalIPAddress", [], cancellationToken).ConfigureAwait(false);
        if (external.Address is not { } address)
            return MappingAnswer.Refused(external.Error == 0 ? "has no external address" : external.ErrorName);
        if (MappingAnswer.Granted(new(address, port), GatewayPath.LifetimeSeconds) is { Refusal: not null } useless)
            return useless; // checked before a mapping exists that could not be used
        uint lifetime = GatewayPath.LifetimeSeconds;
        for (int conflicts = 0; ;)
        {
            (_service, _port) = (service, port); // set before the answer: a cancelled request must be removable, too
            var answer = await http.CallAsync(service, "AddPortMapping", Mapping(port, lifetime), cancellationToken).ConfigureAwait(false);
            if (answer.Error == 0) // a permanent mapping is renewed, too: the gateway may lose it
                return MappingAnswer.Granted(new(address, port), GatewayPath.LifetimeSeconds);
            _service = null;
            if (answer.Error == UpnpAnswer.OnlyPermanentLeasesSupported && lifetime != 0)
                lifetime = 0;
            else if (answer.Error == UpnpAnswer.ConflictInMappingEntry && ++conflicts < MaxConflicts)
                port = (ushort)RandomNumberGenerator.GetInt32(FirstPort, ushort.MaxValue + 1);
            else
                return MappingAnswer.Refused(answer.ErrorName);
        }
    }

    (string, string)[] Mapping(ushort port, uint lifetime) =>
    [
        .. Entry(port),
        ("NewInternalPort", Text(path.Local.Port)),
        ("NewInternalClient", path.Local.Address.ToString()),
        ("NewEnabled", "1"),
        ("NewPortMappingDescription", ClientRequest.MappingDescription),
        ("NewLeaseDuration", Text(lifetime)),
    ];

    static (string, string)[] Entry(ushort port) => [("NewRemoteHost", ""), ("NewExternalPort", Text(port)), ("NewProtocol", "UDP")];

    static string Text(uint number) => number.ToString(CultureInfo.InvariantCulture);
}
