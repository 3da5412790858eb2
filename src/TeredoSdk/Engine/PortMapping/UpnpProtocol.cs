using System.Globalization;
using System.Security.Cryptography;
using TeredoSdk.Protocol;
using TeredoSdk.Protocol.Client;

namespace TeredoSdk.Engine.PortMapping;

/// <summary>UPnP IGD: the services WANIPConnection (versions 1 and 2) and WANPPPConnection.</summary>
/// <param name="path">The way to the gateway.</param>
/// <param name="services">The services to ask, in this order.</param>
/// <param name="notes">Notes the mapping, for the case that this process is killed; null when there is no place for notes.</param>
sealed class UpnpProtocol(GatewayPath path, IReadOnlyList<UpnpService> services, MappingNotes? notes) : IMappingProtocol
{
    const int MaxConflicts = 4, FirstPort = 1024;

    // In seconds. Gateways that do not like a lease say so with different errors; 0 means for ever (WANIPConnection:1 §2.4.16).
    static readonly uint[] Leases = [GatewayPath.LifetimeSeconds, 3600, 0];

    UpnpService? _service; // the service that the mapping was requested from
    ushort _port;
    MappingNote? _note;

    public string Name => "UPnP IGD";

    public async Task<MappingAnswer> MapAsync(IPv4Endpoint external, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(GatewayPath.Patience, path.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            using var http = new UpnpHttp(path);
            var answer = MappingAnswer.Silence;
            foreach (var service in _service is { } known ? [known] : services) // a gateway may list a service that is not connected
                if ((answer = await MapAsync(http, service, external.Port, either.Token).ConfigureAwait(false)).Refusal is null)
                    break;
            return answer;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return MappingAnswer.Refused("does not answer", isLeftBehind: _service is not null);
        }
    }

    public async Task<bool> CheckAsync(CancellationToken cancellationToken)
    {
        var service = _service!.Value; // nobody asks before there is a mapping
        using var limit = new CancellationTokenSource(GatewayPath.Patience, path.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            using var http = new UpnpHttp(path);
            var answer = await http.CallAsync(service, "GetSpecificPortMappingEntry", Entry(_port), either.Token).ConfigureAwait(false);
            return answer.Error != UpnpAnswer.NoSuchEntryInArray && (answer.InternalClient is not { } client || client == path.Local);
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
        var answer = await http.CallAsync(service, "DeletePortMapping", Entry(_port), cancellationToken).ConfigureAwait(false);
        if (answer.Error is 0 or UpnpAnswer.NoSuchEntryInArray)
            Note(null);
    }

    /// <summary>Removes the mapping of a note, if the gateway still has it and it is one of ours.</summary>
    /// <returns>False when the gateway did not answer.</returns>
    public static async Task<bool> RemoveLeftAsync(GatewayPath path, MappingNote left, CancellationToken cancellationToken)
    {
        using var http = new UpnpHttp(path);
        var entry = Entry(left.Port);
        var answer = await http.CallAsync(left.Service, "GetSpecificPortMappingEntry", entry, cancellationToken).ConfigureAwait(false);
        if (answer.Error == 0 && answer.InternalClient == left.Local && answer.Description == ClientRequest.MappingDescription)
            answer = await http.CallAsync(left.Service, "DeletePortMapping", entry, cancellationToken).ConfigureAwait(false);
        return answer.Error != UpnpAnswer.Unreadable;
    }

    async Task<MappingAnswer> MapAsync(UpnpHttp http, UpnpService service, ushort port, CancellationToken cancellationToken)
    {
        var external = await http.CallAsync(service, "GetExternalIPAddress", [], cancellationToken).ConfigureAwait(false);
        if (external.Address is not { } address)
            return MappingAnswer.Refused(external.Error == 0 ? "has no external address" : external.ErrorName);
        if (!MappingAnswer.IsUsable(address))
            return MappingAnswer.Useless(address); // told before a mapping exists that could not be used
        var before = (_service, _port);
        for (int lease = 0, conflicts = 0; ;)
        {
            (_service, _port) = (service, port); // set before the answer: a cancelled request must be removable, too
            Note(notes?.Write(service, path.Local, port));
            var answer = await http.CallAsync(service, "AddPortMapping", Mapping(port, Leases[lease]), cancellationToken).ConfigureAwait(false);
            if (answer.Error == 0) // a permanent mapping is renewed, too: the gateway may lose it
                return MappingAnswer.Granted(new(address, port), Leases[lease] is > 0 and var seconds ? seconds : GatewayPath.LifetimeSeconds);
            if (answer.Error == UpnpAnswer.Unreadable)
                return MappingAnswer.Refused(answer.ErrorName, isLeftBehind: true);
            if (answer.Error == UpnpAnswer.OnlyPermanentLeasesSupported && lease < Leases.Length - 1)
                lease = Leases.Length - 1;
            else if (answer.Error is UpnpAnswer.InvalidArguments or UpnpAnswer.ActionFailed && lease < Leases.Length - 1)
                lease++;
            else if (answer.Error is UpnpAnswer.ConflictInMappingEntry or UpnpAnswer.ConflictWithOtherMechanisms && ++conflicts < MaxConflicts)
                port = (ushort)RandomNumberGenerator.GetInt32(FirstPort, ushort.MaxValue + 1);
            else if (answer.Error == UpnpAnswer.SamePortValuesRequired && port != path.Local.Port && ++conflicts < MaxConflicts)
                port = path.Local.Port;
            else
            {
                (_service, _port) = before;
                Note(before._service is { } former ? notes?.Write(former, path.Local, before._port) : null);
                return MappingAnswer.Refused(answer.ErrorName);
            }
        }
    }

    // Keeps one note: that of the mapping that may exist now.
    void Note(MappingNote? note)
    {
        _note?.Remove();
        _note = note;
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
