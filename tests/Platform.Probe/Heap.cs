using System.Globalization;

namespace TeredoSdk.Platform.Probe;

/// <summary>An application with a large heap that listens: how much more memory its processes hold after all of the heap is written anew.</summary>
static class Heap
{
    const int Blocks = 1024, BlockOctets = 1 << 20, PageOctets = 4096;

    public static async Task<int> RunAsync()
    {
        byte[][] heap = [.. Enumerable.Range(0, Blocks).Select(_ => GC.AllocateUninitializedArray<byte>(BlockOctets))];
        Write(heap, 1);
        await using var listener = await TeredoSocket.ListenAsync(0, Options.Create());
        long before = HeldOctets();
        Write(heap, 2);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"grown by {(HeldOctets() - before) / (1 << 20)} MiB"));
        GC.KeepAlive(heap);
        return 0;
    }

    static void Write(byte[][] heap, byte value)
    {
        foreach (byte[] block in heap)
            for (int i = 0; i < block.Length; i += PageOctets)
                block[i] = value;
    }

    // What all processes of this session hold: a child that has a copy of the heap is one of them. Shared pages count once.
    static long HeldOctets()
    {
        string session = SessionOf("self")!;
        return Directory.EnumerateDirectories("/proc").Select(Path.GetFileName).Where(id => char.IsAsciiDigit(id![0]) && SessionOf(id) == session).Sum(id => PssOf(id!));
    }

    // "4711 (name) S parent group session ...": the name may have blanks.
    static string? SessionOf(string process) => ReadOrNull($"/proc/{process}/stat") is { } stat ? stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[3] : null;

    // Pss:   123456 kB
    static long PssOf(string process) => (ReadOrNull($"/proc/{process}/smaps_rollup") ?? "").Split('\n')
        .Where(line => line.StartsWith("Pss:", StringComparison.Ordinal))
        .Select(line => 1024 * long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture)).FirstOrDefault();

    // A process may end meanwhile, and those of others are not ours to read.
    static string? ReadOrNull(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
