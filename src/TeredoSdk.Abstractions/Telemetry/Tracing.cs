using System.Diagnostics;
using System.Globalization;
using System.Net;

namespace TeredoSdk.Telemetry;

/// <summary>The activities of the process.</summary>
static class Tracing
{
    static readonly ActivitySource Source = new(TeredoTelemetry.ActivitySourceName);

    /// <summary>Begins the activity of a start, until there is an address.</summary>
    public static Activity? BeginQualification() => Source.StartActivity("teredo.qualify");

    /// <summary>Begins the activity of an attempt to connect.</summary>
    public static Activity? BeginConnect(IPEndPoint peer) => WithPeer(Source.StartActivity("teredo.connect", ActivityKind.Client), peer);

    /// <summary>Tells that a connection was accepted.</summary>
    public static void NoteAccept(IPEndPoint peer) => WithPeer(Source.StartActivity("teredo.accept", ActivityKind.Server), peer)?.Dispose();

    /// <summary>Marks an activity as failed.</summary>
    public static void Fail(Activity? activity, Exception failure) => activity?
        .SetTag("error.type", (failure as TeredoException)?.Error.ToString() ?? failure.GetType().Name).SetStatus(ActivityStatusCode.Error, failure.Message);

    // The names of OpenTelemetry's conventions.
    static Activity? WithPeer(Activity? activity, IPEndPoint peer) => activity is { IsAllDataRequested: true }
        ? activity.SetTag("network.peer.address", peer.Address.ToString()).SetTag("network.peer.port", peer.Port.ToString(CultureInfo.InvariantCulture))
        : activity;
}
