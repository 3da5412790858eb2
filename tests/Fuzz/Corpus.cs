using TeredoSdk.Protocol.Tests.Data;

namespace TeredoSdk.Fuzz;

/// <summary>The UDP payloads of the test vectors and captures.</summary>
public static class Corpus
{
    /// <summary>The payloads, each once.</summary>
    public static IReadOnlyList<byte[]> Payloads { get; } = Load();

    static List<byte[]> Load() =>
        [.. TestData.VectorNames.Select(TestData.Vector)
            .Concat(TestData.CaptureNames.SelectMany(TestData.Capture).Where(frame => frame.Udp is not null).Select(frame => frame.Udp!.Payload))
            .DistinctBy(Convert.ToHexString)];
}
