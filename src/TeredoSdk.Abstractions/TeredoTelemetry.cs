namespace TeredoSdk;

/// <summary>The names by which an application subscribes to what the SDK measures, for example with OpenTelemetry.</summary>
/// <remarks>docs/hosting.md has the instruments and activities. Without a subscriber they cost next to nothing.</remarks>
public static class TeredoTelemetry
{
    /// <summary>The name of the meter, for <c>AddMeter</c>. No tag of its instruments has an address.</summary>
    public const string MeterName = "TeredoSdk";

    /// <summary>
    /// The name of the activity source, for <c>AddSource</c>: qualification, connect and accept. Its activities have the peers' addresses.
    /// </summary>
    public const string ActivitySourceName = "TeredoSdk";
}
