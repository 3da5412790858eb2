using System.Globalization;

namespace TeredoSdk.Platform.Probe;

/// <summary>An application with a large heap that listens: what the system has left before and after all of the heap is written anew.</summary>
static class Heap
{
    const int Blocks = 1024, BlockOctets = 1 << 20, PageOctets = 4096;

    public static async Task<int> RunAsync()
    {
        byte[][] heap = [.. Enumerable.Range(0, Blocks).Select(_ => GC.AllocateUninitializedArray<byte>(BlockOctets))];
        Write(heap, 1);
        await using var listener = await TeredoSocket.ListenAsync(0, Options.Create());
        long before = AvailableOctets();
        Write(heap, 2);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"grown by {(before - AvailableOctets()) / (1 << 20)} MiB"));
        GC.KeepAlive(heap);
        return 0;
    }

    static void Write(byte[][] heap, byte value)
    {
        foreach (byte[] block in heap)
            for (int i = 0; i < block.Length; i += PageOctets)
                block[i] = value;
    }

    // MemAvailable:   123456 kB
    static long AvailableOctets() => 1024 * File.ReadLines("/proc/meminfo").Where(line => line.StartsWith("MemAvailable:", StringComparison.Ordinal))
        .Select(line => long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture)).First();
}
