using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using TeredoSdk.Protocol;
using TeredoSdk.Protocol.Client;
using TeredoSdk.Telemetry;
using TeredoSdk.Windows;

namespace TeredoSdk.Machine;

/// <summary>Finds the servers that a node uses, and resolves their names.</summary>
static class ServerNames
{
    static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(5);
    static readonly IPv4Address Anywhere = new(0x0101_0101); // nothing is sent there; it only tells whether there is a way out

    /// <summary>
    /// Finds the servers: those of the options (<c>default</c> is the server of Windows' own Teredo), else those of the environment variable, else the server of the system's own Teredo.
    /// </summary>
    /// <exception cref="TeredoException">No server is configured, or the environment variable is not valid.</exception>
    public static IReadOnlyList<ServerName> Find(TeredoOptions options, string? environment)
    {
        IEnumerable<string> texts = options.Servers.Count > 0 ? options.Servers
            : (environment ?? "").Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        List<ServerName> names = [];
        foreach (string text in texts)
            names.Add(IsDefault(text) ? OfSystem(options) : ServerName.TryParse(text, out var name) ? name : throw new TeredoException(TeredoError.NoServer,
                $"The environment variable {TeredoOptions.ServerVariable} names '{text}'; expected {ServerName.Expected}."));
        if (names.Count == 0 && options.Windows is { } windows && ServerName.TryParse(TeredoSwitches.ReadServerName(windows), out var ofSystem))
            names.Add(ofSystem);
        return names.Count > 0 ? names : throw NotConfigured().ToException();
    }

    static Finding NotConfigured() => new()
    {
        Id = FindingIds.Of(TeredoError.NoServer),
        Severity = FindingSeverity.Error,
        Subject = "Teredo server",
        Problem = "No Teredo server is configured.",
        Evidence = [$"{nameof(TeredoOptions)}.{nameof(TeredoOptions.Servers)} names none", $"the environment variable {TeredoOptions.ServerVariable} names none"],
        Fix = new()
        {
            Sentence = $"Name a server in {nameof(TeredoOptions)}.{nameof(TeredoOptions.Servers)} or in the environment variable {TeredoOptions.ServerVariable}, "
                + "or run your own server: teredo server --address <public IPv4>, or TeredoServerHost inside a program.",
        },
        Error = TeredoError.NoServer,
    };

    // The word of netsh for the server that Windows has of itself.
    static bool IsDefault(string text) => text.Equals("default", StringComparison.OrdinalIgnoreCase);

    static ServerName OfSystem(TeredoOptions options) =>
        options.Windows is { } windows && ServerName.TryParse(TeredoSwitches.ReadServerName(windows), out var name) && !IsDefault(name.Primary) ? name
        : throw new TeredoException(TeredoError.NoServer, "The server 'default' is that of Windows' own Teredo, and this system does not tell it. Name a server.");

    /// <summary>
    /// Finds and resolves the servers as <see cref="FindAndResolveAsync"/> does. When the options say so, it waits while there is no network to ask.
    /// </summary>
    /// <exception cref="TeredoException">No server is configured, or no server has usable addresses.</exception>
    public static async Task<IReadOnlyList<TeredoServerAddress>> AwaitAsync(TeredoOptions options, IHostNetwork network, ILogger log,
        CancellationToken cancellationToken)
    {
        using var changed = new SemaphoreSlim(0);
        void Note() => changed.Release();
        network.Changed += Note;
        try
        {
            for (bool isTold = false; ; isTold = true)
            {
                bool hadNetwork = HasIPv4(network);
                try
                {
                    return await FindAndResolveAsync(options, network, log, cancellationToken).ConfigureAwait(false);
                }
                catch (TeredoException e) when (options.WaitForNetwork && e.Error == TeredoError.ServerNotResolved
                    && (!hadNetwork || IsForNow(e, network)))
                {
                    if (!isTold)
                        Log.WaitingForNetwork(log, e.Message);
                }
                await WaitAsync(changed, options.TimeProvider, cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            network.Changed -= Note;
        }
    }

    /// <summary>Finds the servers as <see cref="Find"/> does, and resolves their current addresses.</summary>
    /// <exception cref="TeredoException">No server is configured, or no server has usable addresses.</exception>
    public static async Task<IReadOnlyList<TeredoServerAddress>> FindAndResolveAsync(TeredoOptions options, IHostNetwork network, ILogger log,
        CancellationToken cancellationToken)
    {
        var names = Find(options, Environment.GetEnvironmentVariable(TeredoOptions.ServerVariable));
        var policy = options.AllowPrivateAddresses ? AddressPolicy.Lab : AddressPolicy.Strict;
        List<TeredoServerAddress> servers = [];
        string? unusable = null;
        SocketException? cause = null;
        foreach (var name in names)
        {
            try
            {
                var server = name.Literal ?? await ResolveAsync(name, network, cancellationToken).ConfigureAwait(false);
                if (policy.IsGlobalUnicast(server.Primary) && policy.IsGlobalUnicast(server.Secondary) && server.Primary != server.Secondary)
                    servers.Add(server);
                else
                    Log.ServerNotResolved(log, name.ToString(), unusable = $"{server.Primary}, {server.Secondary} are not two public addresses");
            }
            catch (SocketException e)
            {
                cause = e;
                Log.ServerNotResolved(log, name.ToString(), e.Message);
            }
        }
        return servers.Count > 0 ? servers : throw new TeredoException(TeredoError.ServerNotResolved, unusable is not null
            ? $"The Teredo server {string.Join("; ", names)} can't be used: {unusable}. Configure a server with two public IPv4 addresses; "
                + $"in a laboratory set {nameof(TeredoOptions.AllowPrivateAddresses)}."
            : $"The name of the Teredo server {string.Join("; ", names)} can't be resolved to an IPv4 address ({cause?.Message}). "
                + "Check its spelling and this machine's DNS, or configure the server's IPv4 address.", unusable is null ? cause : null);
    }

    // No name server answers, or there is no network at all. Not: a name server says that there is no such name.
    static bool IsForNow(TeredoException e, IHostNetwork network) =>
        e.InnerException is SocketException { SocketErrorCode: SocketError.TryAgain } || !HasIPv4(network);

    /// <summary>Whether there is a way out at all.</summary>
    public static bool HasIPv4(IHostNetwork network) => network.Describe(Anywhere).HasIPv4;

    // Until the network changes, or some time has passed.
    static async Task WaitAsync(SemaphoreSlim changed, TimeProvider time, CancellationToken cancellationToken)
    {
        using var late = new CancellationTokenSource(RetryInterval, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
        try
        {
            await changed.WaitAsync(either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // Asked again, although nobody has told of a change.
        }
    }

    /// <summary>The present addresses of a server.</summary>
    /// <exception cref="SocketException">A name has no IPv4 address, or no name server answers.</exception>
    public static async Task<TeredoServerAddress> ResolveAsync(ServerName name, IHostNetwork network, CancellationToken cancellationToken)
    {
        var primary = await ResolveAsync(name.Primary, network, cancellationToken).ConfigureAwait(false);
        return name.Secondary is null ? new(primary) : new(primary, await ResolveAsync(name.Secondary, network, cancellationToken).ConfigureAwait(false));
    }

    static async Task<IPv4Address> ResolveAsync(string host, IHostNetwork network, CancellationToken cancellationToken)
    {
        if (IPv4Address.TryParse(host, null, out var literal))
            return literal;
        var addresses = await network.ResolveAsync(host, cancellationToken).ConfigureAwait(false);
        return addresses.Length > 0 ? IPv4Address.FromIPAddress(addresses[0]) : throw new SocketException((int)SocketError.HostNotFound);
    }
}
