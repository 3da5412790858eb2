namespace TeredoSdk.Protocol.Tests.Data;

/// <summary>The files of Data/, and the test vectors among them.</summary>
public static class TestData
{
    static readonly Dictionary<string, byte[]> Vectors = LoadVectors();

    public static IEnumerable<string> VectorNames => Vectors.Keys;

    /// <summary>A test vector's UDP payload.</summary>
    /// <param name="name">TV-01 to TV-30.</param>
    public static byte[] Vector(string name) => [.. Vectors[name]];

    public static IEnumerable<string> CaptureNames =>
        Directory.EnumerateFiles(PathOf("Data", "Captures"), "*.pcap").Select(Path.GetFileNameWithoutExtension).Order(StringComparer.Ordinal)!;

    public static IReadOnlyList<CapturedFrame> Capture(string name) => PcapReader.Read(PathOf("Data", "Captures", name + ".pcap"));

    public static string PathOf(params string[] parts) => Path.Combine([AppContext.BaseDirectory, .. parts]);

    // A line with name and description, then an indented line with the octets in hexadecimal.
    static Dictionary<string, byte[]> LoadVectors() => File.ReadLines(PathOf("Data", "Vectors", "vectors.txt"))
        .Chunk(2).ToDictionary(pair => pair[0].Split(' ')[0], pair => Convert.FromHexString(pair[1].Trim()));
}
