using System.Diagnostics;
using System.Text;

namespace TeredoSdk.Platform.Tests.Network;

/// <summary>What a process wrote, as bytes and as lines in the order they came, with a way to wait for one.</summary>
sealed class OutputLog
{
    readonly Lock _lock = new();
    readonly List<(string Stream, string Text)> _lines = [];
    TaskCompletionSource _changed = NewSignal();

    /// <summary>Reads a stream to its end. Returns all of its bytes.</summary>
    public async Task<byte[]> ReadAsync(Stream stream, string name)
    {
        var all = new MemoryStream();
        int lineStart = 0;
        byte[] buffer = new byte[64 * 1024];
        for (int count; (count = await stream.ReadAsync(buffer)) > 0;)
        {
            all.Write(buffer, 0, count);
            lineStart = AddLines(all, lineStart, name);
        }
        if (lineStart < all.Length)
            Add([(name, Text(all, lineStart, (int)all.Length))]);
        return all.ToArray();
    }

    /// <summary>The lines so far.</summary>
    public IReadOnlyList<(string Stream, string Text)> Lines
    {
        get
        {
            lock (_lock)
                return [.. _lines];
        }
    }

    /// <summary>The first line from a number on that matches, now or later; null when the time is over or the process said all it will.</summary>
    public async Task<string?> WaitForLineAsync(Func<string, bool> matches, int from, Task ended, TimeSpan limit)
    {
        long start = Stopwatch.GetTimestamp();
        while (true)
        {
            var rest = limit - Stopwatch.GetElapsedTime(start);
            bool last = ended.IsCompleted || rest <= TimeSpan.Zero;
            Task changed;
            lock (_lock)
            {
                for (; from < _lines.Count; from++)
                {
                    if (matches(_lines[from].Text))
                        return _lines[from].Text;
                }
                changed = _changed.Task;
            }
            if (last)
                return null;
            Task next = Task.WhenAny(changed, ended);
            await next.WaitAsync(rest).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    int AddLines(MemoryStream all, int start, string name)
    {
        List<(string, string)> lines = [];
        for (int length; (length = all.GetBuffer().AsSpan(start, (int)all.Length - start).IndexOf((byte)'\n')) >= 0; start += length + 1)
            lines.Add((name, Text(all, start, start + length)));
        if (lines.Count > 0)
            Add(lines);
        return start;
    }

    static string Text(MemoryStream all, int start, int end) => Encoding.UTF8.GetString(all.GetBuffer(), start, end - start).TrimEnd('\r');

    void Add(IReadOnlyList<(string, string)> lines)
    {
        TaskCompletionSource changed;
        lock (_lock)
        {
            _lines.AddRange(lines);
            (changed, _changed) = (_changed, NewSignal());
        }
        changed.SetResult();
    }

    static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
