using System.Globalization;

namespace TeredoSdk.Platform.Probe;

/// <summary>Opens and closes many sockets, and counts the descriptors of the process before and after.</summary>
static class Sockets
{
    const int Rounds = 100;

    public static async Task<int> RunAsync()
    {
        await using var node = await TeredoNode.StartAsync(Options.Create());
        await RoundAsync(node); // what is made once is made now
        int before = Descriptors();
        for (int round = 0; round < Rounds; round++)
            await RoundAsync(node);
        int after = await DescriptorsAsync(before);
        await node.DisposeAsync();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"descriptors {before} {after}"));
        return 0;
    }

    // Five sockets.
    static async Task RoundAsync(TeredoNode node)
    {
        await using var listener = await node.ListenAsync(0);
        await using var open = await node.BindDatagramAsync(0);
        await using var restricted = await node.BindDatagramAsync(4000);
        var accepting = listener.AcceptAsync().AsTask();
        await using var connection = await node.ConnectAsync(listener.TeredoEndPoint!);
        await using var accepted = await accepting;
    }

    // A connection that is closed is kept until the peer has all that was written.
    static async Task<int> DescriptorsAsync(int wanted)
    {
        const int polls = 250;
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        for (int poll = 0; poll < polls && Descriptors() > wanted; poll++)
            await timer.WaitForNextTickAsync();
        return Descriptors();
    }

    static int Descriptors() => Directory.EnumerateFileSystemEntries("/proc/self/fd").Count();
}
