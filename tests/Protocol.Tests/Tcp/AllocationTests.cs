using TeredoSdk.Protocol.Tcp;
using TeredoSdk.Protocol.Wire;

namespace TeredoSdk.Protocol.Tests.Tcp;

/// <summary>What a connection takes from the heap: nothing for a segment, and little while it is idle.</summary>
public sealed class AllocationTests
{
    static readonly TcpFlow There = new(TcpPair.Left, 40000, TcpPair.Right, 80), Back = new(TcpPair.Right, 80, TcpPair.Left, 40000);

    readonly byte[] _buffer = new byte[64 * 1024], _data = new byte[32 * 1024];
    Instant _now = Instant.FromSeconds(1);

    [Test]
    public void Segments_AllocateNothing()
    {
        var (a, b) = Connected();
        Allocations.AssertNone(() =>
        {
            for (int i = 0; i < 100; i++)
            {
                _now += TimeSpan.FromMilliseconds(1);
                a.Write(_now, _data);
                Exchange(a, b);
                while (b.Read(_now, _data) > 0)
                {
                }
                Exchange(b, a);
            }
        });
        Assert.That(a.UnacknowledgedOctets, Is.LessThan(1_000_000));
    }

    [Test]
    public void LostSegments_AllocateNothing()
    {
        var (a, b) = Connected();
        int count = 0;
        Allocations.AssertNone(() =>
        {
            for (int i = 0; i < 200; i++)
            {
                _now += TimeSpan.FromMilliseconds(5);
                a.HandleTimer(_now);
                a.Write(_now, _data);
                Exchange(a, b, () => ++count % 37 == 0);
                while (b.Read(_now, _data) > 0)
                {
                }
                Exchange(b, a);
            }
        });
        Assert.That(count, Is.GreaterThan(1000));
    }

    [Test]
    public void AnIdleConnection_TakesLessThan4Kilobytes()
    {
        const int pairs = 500;
        _ = Connected();
        var kept = new TcpConnection[2 * pairs];
        long before = GC.GetTotalMemory(forceFullCollection: true);
        for (int i = 0; i < pairs; i++)
        {
            (kept[2 * i], kept[2 * i + 1]) = Connected();
            kept[2 * i].Write(_now, _data);
            while (kept[2 * i].UnacknowledgedOctets > 0)
            {
                _now += TimeSpan.FromMilliseconds(50);
                Exchange(kept[2 * i], kept[2 * i + 1]);
                while (kept[2 * i + 1].Read(_now, _data) > 0)
                {
                }
                kept[2 * i + 1].HandleTimer(_now);
                Exchange(kept[2 * i + 1], kept[2 * i]);
            }
        }
        long each = (GC.GetTotalMemory(forceFullCollection: true) - before) / kept.Length;
        TestContext.Out.WriteLine($"{each} octets");
        GC.KeepAlive(kept);
        Assert.That(each, Is.LessThan(4096));
    }

    (TcpConnection, TcpConnection) Connected()
    {
        var options = new TcpOptions { Pacing = false };
        var a = TcpConnection.OpenActive(_now, There, new(1, 1), options);
        Assert.That(a.TryWriteSegments(_now, _buffer, out int length, out _));
        Assert.That(IPv6Packet.TryParse(_buffer.AsSpan(0, length), out var ip));
        Assert.That(TcpSegment.TryParse(ip, out var syn));
        var b = TcpConnection.OpenPassive(_now, syn, new(2, 2), options);
        _now += TimeSpan.FromMilliseconds(1);
        Exchange(b, a);
        Exchange(a, b);
        Assert.That((a.State, b.State), Is.EqualTo((TcpState.Established, TcpState.Established)));
        return (a, b);
    }

    void Exchange(TcpConnection from, TcpConnection to, Func<bool>? isLost = null)
    {
        while (from.TryWriteSegments(_now, _buffer, out int length, out int segmentSize))
        {
            for (int at = 0; at < length; at += segmentSize)
                if (isLost?.Invoke() != true && IPv6Packet.TryParse(_buffer.AsSpan(at, Math.Min(segmentSize, length - at)), out var ip) && TcpSegment.TryParse(ip, out var segment))
                    to.Receive(_now, segment);
        }
        from.TakeChanges();
    }
}
