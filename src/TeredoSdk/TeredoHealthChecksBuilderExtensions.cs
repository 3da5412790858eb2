using Microsoft.Extensions.Diagnostics.HealthChecks;
using TeredoSdk;
using TeredoSdk.Hosting;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds Teredo to the health checks of an application.</summary>
public static class TeredoHealthChecksBuilderExtensions
{
    /// <summary>
    /// Adds a health check of the node of <see cref="ITeredoSocketFactory"/>. It is healthy while the node has an address and keeps it up. It is
    /// degraded while the node is dormant, asks for an address, or was not needed yet. It is unhealthy while the node can't get an address; the
    /// description says why, and what to do. The data contain the address, the state and the NAT.
    /// </summary>
    /// <param name="builder">The health checks of the application. The application must add Teredo itself as well.</param>
    /// <param name="name">The name of the check.</param>
    /// <param name="failureStatus">The status to report instead of unhealthy; null for unhealthy.</param>
    /// <param name="tags">Tags by which checks can be selected, or null.</param>
    /// <returns><paramref name="builder"/>.</returns>
    public static IHealthChecksBuilder AddTeredo(this IHealthChecksBuilder builder, string name = "teredo", HealthStatus? failureStatus = null,
        IEnumerable<string>? tags = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.Add(new(name, Create, failureStatus, tags));

        static TeredoHealthCheck Create(IServiceProvider services)
        {
            var factory = services.GetRequiredService<ITeredoSocketFactory>();
            return new(() => factory.Report);
        }
    }
}
