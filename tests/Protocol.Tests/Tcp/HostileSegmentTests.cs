using TeredoSdk.Protocol.Tcp;
using TeredoSdk.Protocol.Wire;

namespace TeredoSdk.Protocol.Tests.Tcp;

/// <summary>Whatever comes, in whatever state: no exception, no growth, no octet at a wrong place.</summary>
public sealed class HostileSegmentTests
{
    // TEREDOSDK_TCP_RUNS=105000 is the long form: ten million segments.
    static readonly int Runs = int.TryParse(Environment.GetEnvironmentVariable("TEREDOSDK_TCP_RUNS"), System.Globalization.CultureInfo.InvariantCulture, out int runs) ? runs : 300;

    [Test]
    public void MutatedSegments_InEveryState_DoNoHarm()
    {
        var states = new HashSet<TcpState>();
        long segments = 0;
        for (int seed = 1; seed <= Runs; seed++)
        {
            try
            {
                segments += Attack(seed, states);
            }
            catch (Exception e)
            {
                throw new AssertionException($"seed {seed}: {e}");
            }
        }
        Assert.That(states, Is.EquivalentTo(Enum.GetValues<TcpState>()));
        TestContext.Out.WriteLine($"{segments} segments in {Runs} connections");
    }

    static int Attack(int seed, HashSet<TcpState> states)
    {
        var random = new Random(seed);
        var script = new TcpScript(new()
        {
            Timestamps = random.Next(2) == 0,
            Sack = random.Next(4) > 0,
            Ecn = random.Next(2) == 0,
            MaxPathOctets = random.Next(2) == 0 ? 1452 : 1280,
            InitialReceiveBufferOctets = 20_000,
            MaxReceiveBufferOctets = 100_000,
            KeepAliveTime = random.Next(2) == 0 ? TimeSpan.FromSeconds(10) : null,
        });
        Begin(script, random);
        long peer = 1, read = 1;
        int segments = 0;
        for (int i = 0; i < 300 && script.State != TcpState.Closed; i++)
        {
            states.Add(script.State);
            switch (random.Next(10))
            {
                case 0:
                    script.Write(random.Next(0, 20_000));
                    break;
                case 1:
                    byte[] octets = script.Read(random.Next(1, 30_000));
                    Assert.That(octets.AsSpan().SequenceEqual(TcpScript.Letters(read, octets.Length)));
                    read += octets.Length;
                    break;
                case 2:
                    script.Wait(random.NextDouble() * (random.Next(10) == 0 ? 100 : 0.5));
                    break;
                case 3 when random.Next(10) == 0:
                    script.Do((c, now) => c.CompleteWriting(now));
                    break;
                case 4:
                    script.Do((c, now) => _ = random.Next(2) == 0
                        ? c.HandlePacketTooBig(now, random.Next(0, 70_000), TcpScript.Own + (uint)random.Next(-10, 30_000))
                        : c.HandleUnreachable(now, TcpScript.Own + (uint)random.Next(-10, 30_000), random.Next(20) == 0));
                    break;
                default:
                    Any(script, random, ref peer);
                    segments++;
                    break;
            }
            Assert.That(script.Connection.ReadableOctets, Is.LessThanOrEqualTo(100_000 + 128));
            script.Forget();
        }
        states.Add(script.State);
        script.Connection.Release();
        return segments;
    }

    static void Begin(TcpScript script, Random random)
    {
        switch (random.Next(3))
        {
            case 0:
                script.OpenActive();
                break;
            case 1:
                script.OpenPassive((ref TcpHeader header) => Options(ref header, random));
                break;
            default:
                script.OpenActive();
                script.Send(TcpFlags.Syn | TcpFlags.Ack, 0, 1, edit: (ref TcpHeader header) => Options(ref header, random));
                break;
        }
    }

    static void Any(TcpScript script, Random random, ref long peer)
    {
        var flags = (TcpFlags)(random.Next(3) == 0 ? random.Next(256) : (int)TcpFlags.Ack | (random.Next(12) == 0 ? (int)TcpFlags.Fin : 0));
        if (random.Next(20) > 0)
            flags &= ~(TcpFlags.Reset | TcpFlags.Syn);
        long sequence = random.Next(4) switch { 0 => peer, 1 => peer + random.Next(-3000, 3000), 2 => random.Next(0, 30_000), _ => random.Next(int.MinValue, int.MaxValue) };
        if (random.Next(2) == 0)
            sequence = peer;
        if (script.State == TcpState.SynSent)
            (sequence, flags) = (0, random.Next(8) == 0 ? flags | TcpFlags.Syn : flags & ~TcpFlags.Syn); // so that the test knows the peer's numbers
        long sent = script.Connection.NextSequence - TcpScript.Own;
        long ack = random.Next(4) switch { 0 => sent + random.Next(-3, 3), 1 => random.Next(int.MinValue, int.MaxValue), 2 => random.NextInt64(0, sent + 1), _ => sent };
        int length = random.Next(3) == 0 ? 0 : random.Next(0, random.Next(10) == 0 ? 60_000 : 1300);
        script.Window = (ushort)(random.Next(3) == 0 ? random.Next(0, 3000) : random.Next(0, 65536));
        script.Mark = (byte)random.Next(4);
        script.Send(flags, sequence, ack, length, (ref TcpHeader header) =>
        {
            Options(ref header, random);
            if ((flags & TcpFlags.Syn) == 0)
                (header.MaxSegmentOctets, header.WindowScale, header.SackPermitted) = (0, -1, false);
            header.SackCount = random.Next(3) == 0 && (flags & TcpFlags.Syn) == 0 ? random.Next(0, header.HasTimestamps ? 4 : 5) : 0;
            for (int i = 0; i < header.SackCount; i++)
            {
                uint start = TcpScript.Own + (uint)random.NextInt64(-100, sent + 100);
                header.Sack[i] = (start, start + (uint)random.Next(-100, 5000));
            }
        });
        if (script.State >= TcpState.Established)
            peer = Math.Max(1, script.Connection.PeerNext.Sequence - TcpScript.Peers);
    }

    static void Options(ref TcpHeader header, Random random)
    {
        header.MaxSegmentOctets = (ushort)(random.Next(4) == 0 ? random.Next(0, 65536) : 1220);
        header.WindowScale = random.Next(-1, 15);
        header.SackPermitted = random.Next(2) == 0;
        header.HasTimestamps = random.Next(4) > 0;
        header.Timestamp = random.Next(3) == 0 ? (uint)random.Next() : 1000;
        header.TimestampEcho = (uint)(105_000 + random.Next(-100, 100));
    }

    [Test]
    public void AnyOctets_ParseOrDoNot()
    {
        var random = new Random(1);
        byte[] packet = new byte[200];
        int parsed = 0;
        for (int i = 0; i < 100_000; i++)
        {
            random.NextBytes(packet);
            IPv6Packet.WriteHeader(packet, random.Next(0, packet.Length - IPv6Packet.HeaderSize + 1), NextHeader.Tcp, 64, TcpPair.Left, TcpPair.Right);
            if (!IPv6Packet.TryParse(packet, out var ip) || !TcpSegment.TryParse(ip, out var segment, isVerified: true))
                continue;
            parsed++;
            Assert.That(segment.WindowScale, Is.InRange(-1, 14));
            for (int j = 0; j < segment.SackCount; j++)
                _ = segment.Sack(j);
            Assert.That(segment.SequenceLength, Is.GreaterThanOrEqualTo(segment.Payload.Length));
        }
        Assert.That(parsed, Is.GreaterThan(1000));
    }
}
