using System.Net.Sockets;
using TeredoSdk.Engine;
using TeredoSdk.Machine;
using TeredoSdk.Machine.Bursts;
using TeredoSdk.Protocol;
using TeredoSdk.Protocol.Client;
using TeredoSdk.Protocol.Wire;

namespace TeredoSdk.Doctor;

/// <summary>Resolves every server, and asks it for an advertisement at its primary and its secondary address.</summary>
/// <param name="options">The settings of the node.</param>
/// <param name="network">The machine's network.</param>
sealed class ServerProbe(TeredoOptions options, IHostNetwork network)
{
    // Three solicitations. A node itself waits longer, but a server that answers at all answers one of these.
    static readonly TimeSpan[] Waits = [TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(2)];

    public async Task<IReadOnlyList<Finding>> AskAsync(CancellationToken cancellationToken)
    {
        IReadOnlyList<ServerName> names;
        try
        {
            names = ServerNames.Find(options, Environment.GetEnvironmentVariable(TeredoOptions.ServerVariable));
        }
        catch (TeredoException e)
        {
            return [e.Finding];
        }
        var answers = await Task.WhenAll(names.Select(name => AskAsync(name, cancellationToken))).ConfigureAwait(false);
        bool isAnyUp = answers.Any(answer => answer is null || answer.Id == FindingIds.ServerSecondarySilent);
        return [.. answers.OfType<Finding>().Select(finding => isAnyUp && finding.Severity == FindingSeverity.Error
            ? finding with { Severity = FindingSeverity.Warning } : finding)]; // the node takes the server that answers
    }

    async Task<Finding?> AskAsync(ServerName name, CancellationToken cancellationToken)
    {
        TeredoServerAddress server;
        try
        {
            server = await ServerNames.ResolveAsync(name, network, cancellationToken).ConfigureAwait(false);
        }
        catch (SocketException e)
        {
            return ServerNames.HasIPv4(network) ? NotResolved(name, $"DNS: {e.Message}") : Problems.NoNetwork($"{name}", goesOn: options.WaitForNetwork).Finding;
        }
        var policy = options.AllowPrivateAddresses ? AddressPolicy.Lab : AddressPolicy.Strict;
        if (!policy.IsGlobalUnicast(server.Primary))
            return NotPublic(name, server.Primary);
        if (!network.Describe(server.Primary).HasIPv4)
            return Problems.NoNetwork($"{server.Primary}", goesOn: options.WaitForNetwork).Finding;
        var answers = await Task.WhenAll(AnswersAsync(server.Primary, cancellationToken), AnswersAsync(server.Secondary, cancellationToken)).ConfigureAwait(false);
        return answers switch
        {
            [null, var atSecondary] => Silent(name, server, atSecondary),
            [{ } at, null] => SecondarySilent(name, server, at),
            _ => null,
        };
    }

    /// <returns>What the server answered, in words; null when it did not answer.</returns>
    async Task<string?> AnswersAsync(IPv4Address server, CancellationToken cancellationToken)
    {
        byte[] nonce = new byte[sizeof(ulong)], datagram = new byte[Authentication.MinimumSize + RouterSolicitation.Size];
        SystemRandom.Instance.Fill(nonce);
        ulong sent = BitConverter.ToUInt64(nonce);
        int at = Authentication.Write(datagram, sent);
        RouterSolicitation.Write(datagram.AsSpan(at), TeredoLinkLocal.Client); // RFC 4380 §5.2.1
        var answer = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        var target = new IPv4Endpoint(server, TeredoPorts.Server);
        try
        {
            using var socket = network.Open(new(network.Describe(server).LocalAddress, 0), Datagrams.Each((source, octets) =>
            {
                // RFC 4380 §5.2.2: only an answer with the nonce counts.
                if (source == target && Encapsulation.TryParse(octets, out var parts, out _) && parts is { HasAuthentication: true, HasOrigin: true }
                    && parts.Authentication.Nonce == sent && RouterAdvertisement.TryParse(parts.Packet, out _))
                    answer.TrySetResult($"{server} answered, and saw this machine at {parts.Origin.MappedEndpoint}");
            }));
            foreach (var wait in Waits)
            {
                socket.Send(target, datagram, 0);
                var patience = wait < options.QualificationTimeout ? wait : options.QualificationTimeout;
                try
                {
                    return await answer.Task.WaitAsync(patience, options.TimeProvider, cancellationToken).ConfigureAwait(false);
                }
                catch (TimeoutException)
                {
                    // Asked again.
                }
            }
        }
        catch (SocketException)
        {
            // No port and no network is no answer either; other questions say so.
        }
        return null;
    }

    static string NoAnswer(IPv4Address server) => $"{server}, UDP port {TeredoPorts.Server}, answered none of {Waits.Length} router solicitations";

    // Blocking lists send the names of Microsoft's servers to 127.0.0.1 or 0.0.0.0 in the hosts file.
    static Finding NotPublic(ServerName name, IPv4Address address) => NotResolved(name, $"{name.Primary} is {address}, which is no public address") with
    {
        Problem = $"The Teredo server {name} leads to {address}, which is no public address, so it can't be asked.",
        Fix = new()
        {
            Sentence = @"Remove the name from the hosts file (/etc/hosts, or C:\Windows\System32\drivers\etc\hosts) or from what filters this machine's DNS, or "
                + "configure another server.",
            NeedsAdministrator = true,
        },
    };

    static Finding NotResolved(ServerName name, string evidence) => new()
    {
        Id = FindingIds.ServerNotResolved,
        Severity = FindingSeverity.Error,
        Subject = $"{name}",
        Problem = $"The name of the Teredo server {name} has no IPv4 address, so it can't be asked.",
        Evidence = [evidence],
        Fix = new() { Sentence = "Check its spelling and this machine's DNS, or configure the server's IPv4 address." },
        Error = TeredoError.ServerNotResolved,
    };

    static Finding Silent(ServerName name, TeredoServerAddress server, string? atSecondary) => new()
    {
        Id = FindingIds.ServerSilent,
        Severity = FindingSeverity.Error,
        Subject = $"{name}",
        Problem = $"The Teredo server {name} does not answer, so no address comes from it: outgoing UDP is blocked by a firewall, or the server is down.",
        Evidence = [NoAnswer(server.Primary), atSecondary ?? NoAnswer(server.Secondary)],
        Fix = new() { Sentence = $"Allow UDP to port {TeredoPorts.Server}, or configure another server." },
        Error = TeredoError.ServerUnreachable,
    };

    static Finding SecondarySilent(ServerName name, TeredoServerAddress server, string atPrimary) => new()
    {
        Id = FindingIds.ServerSecondarySilent,
        Severity = FindingSeverity.Warning,
        Subject = $"{name}",
        Problem = $"The Teredo server {name} does not answer at its secondary address {server.Secondary}. Addresses come from it, but it can't be told how the "
            + "NAT maps ports.",
        Evidence = [atPrimary, NoAnswer(server.Secondary)],
        Fix = new() { Sentence = "Configure the right secondary address as host,secondary, or another server." },
        Error = TeredoError.SecondaryUnreachable,
    };
}
