using System.Buffers.Binary;
using TeredoSdk.Engine;
using TeredoSdk.Machine;
using TeredoSdk.Protocol;

namespace TeredoSdk.Tests;

/// <summary>What a server or relay answers to a burst, before it is sent.</summary>
public sealed class AnswerBatchTests
{
    [Test]
    public void Answers_AreSentAsTheyWereWritten_AsManyAsFindRoom()
    {
        var batch = new AnswerBatch();
        var transport = new Collector();
        for (int round = 0; round < 2; round++)
        {
            List<(IPv4Endpoint, int, int)> expected = [];
            for (int i = 0; batch.HasRoom; i++)
            {
                var target = new IPv4Endpoint(new((uint)i), (ushort)(round + 1));
                int length = 4 + i % (AnswerBatch.MaxOctets - 3);
                Assert.That(batch.Next.Length, Is.EqualTo(AnswerBatch.MaxOctets));
                BinaryPrimitives.WriteInt32BigEndian(batch.Next[(length - 4)..], i);
                if (i % 8 == 7)
                {
                    batch.AddNative(length);
                    continue;
                }
                batch.Add(length, target, transport);
                expected.Add((target, length, i));
            }
            batch.Send(null);
            Assert.That(expected, Has.Count.EqualTo(DatagramBatch.Capacity * 7 / 8));
            Assert.That(transport.Sent, Is.EqualTo(expected));
            transport.Sent.Clear();
        }
    }

    sealed class Collector : IUdpTransport
    {
        public List<(IPv4Endpoint, int, int)> Sent { get; } = [];
        public IPv4Endpoint LocalEndpoint => default;
        public Task Completion => Task.CompletedTask;

        public void Send(IPv4Endpoint target, ReadOnlySpan<byte> payload, byte ttl) =>
            Sent.Add((target, payload.Length, BinaryPrimitives.ReadInt32BigEndian(payload[^4..])));

        public void Dispose()
        {
        }
    }
}
