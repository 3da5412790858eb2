using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace TeredoSdk.Hosting;

/// <summary>Reports the state of the application's node as a health check.</summary>
sealed class TeredoHealthCheck(Func<TeredoReport> read) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var report = read();
        var (status, description) = Describe(report);
        if (status == HealthStatus.Unhealthy)
            status = context.Registration.FailureStatus;
        return Task.FromResult(new HealthCheckResult(status, description, data: Data(report)));
    }

    static (HealthStatus Status, string Description) Describe(TeredoReport report) => report.State switch
    {
        TeredoState.Qualified => (HealthStatus.Healthy, $"{report.Address} from the Teredo server {report.Server}."),
        TeredoState.Dormant => (HealthStatus.Degraded, $"{report.Address} is dormant; a bind or a datagram wakes the node."),
        TeredoState.Qualifying when report.Problem is null => (HealthStatus.Degraded,
            report.Findings.FirstOrDefault(finding => finding.Id == FindingIds.NodeStarting)?.Sentence ?? $"The Teredo server {report.Server} is being asked for an address."),
        TeredoState.Stopped when report.Problem is null => (HealthStatus.Degraded, "Teredo is not started; the first socket starts it."),
        _ => (HealthStatus.Unhealthy, report.Problem ?? "There is no Teredo address."),
    };

    static Dictionary<string, object> Data(TeredoReport report)
    {
        Dictionary<string, object> data = new()
        {
            ["state"] = report.State.ToString(),
            ["provider"] = report.Provider.ToString(),
            ["reachability"] = report.Reachability.ToString(),
            ["nat"] = report.NatName,
            ["sockets"] = report.Sockets,
        };
        if (report.Address is { } address)
            data["address"] = address.ToString();
        if (report.Error is { } error)
            data["error"] = error.ToString();
        if (report.Findings is { Count: > 0 } findings)
            data["findings"] = findings.Select(finding => finding.Id).ToArray();
        if (report.RetryAt is { } retryAt)
            data["retryAt"] = retryAt;
        return data;
    }
}
