using Microsoft.Extensions.Diagnostics.HealthChecks;
using TeredoSdk;
using TeredoSdk.Hosting;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds Teredo to the health checks of an application.</summary>
public static class TeredoHealthChecksBuilderExtensions
{
    /// <summary>
    /// Adds a check of the node of <see cref="ITeredoSocketFactory"/>: healthy while it has an address that it keeps up, degraded while it is
    /// dormant, asks for an address or was not needed yet, and unhealthy, with the sentence that says why and what to do, while it can't get one. The
    /// data hold the address, the state and the NAT.
    /// </summary>
    /// <param name="builder">The health checks of the application, which has added Teredo itself as well.</param>
    /// <param name="name">The name of the check.</param>
    /// <param name="failureStatus">What to report instead of unhealthy; null for unhealthy.</param>
    /// <param name="tags">Tags to choose checks by, or null.</param>
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
