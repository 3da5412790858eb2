using TeredoSdk.Engine;
using TeredoSdk.Engine.Stacks;
using TeredoSdk.Machine;
using TeredoSdk.Telemetry;

namespace TeredoSdk.Links.Embedded;

/// <summary>The SDK's own client, which runs on any system.</summary>
sealed class EmbeddedProvider(EngineParts parts) : ITeredoProvider
{
    public TeredoProvider Kind => TeredoProvider.Embedded;

    public async Task<ITeredoLink> BringUpAsync(TeredoOptions options, IReadOnlyList<PassedOver> passedOver, CancellationToken cancellationToken)
    {
        if (options.NativeIPv6 == NativeIPv6Mode.Instead)
            throw Problems.InsteadOfNativeIPv6();
        var log = GuardedLogger.For(LogCategories.Node, options.LoggerFactory);
        var servers = await ServerNames.AwaitAsync(options, parts.Network, log, cancellationToken).ConfigureAwait(false);
        var link = new EmbeddedLink(options, servers, parts, new SocketStacks(options.Sockets), passedOver, log);
        await link.StartAsync(cancellationToken).ConfigureAwait(false);
        return link;
    }
}
