using System.Runtime.Versioning;
using TeredoSdk.Machine.Linux;
using TeredoSdk.Protocol;
using TeredoSdk.Telemetry;

namespace TeredoSdk.Tests.Linux;

/// <summary>Bursts through a descriptor whose every call fails (it is no socket), and after the end.</summary>
[Platform("Linux"), SupportedOSPlatform("linux")]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed unsafe class MessageTests : IDisposable
{
    static readonly IPv4Endpoint Target = IPv4Endpoint.Parse("192.0.2.1:5000"), Other = IPv4Endpoint.Parse("192.0.2.2:5000");

    readonly Microsoft.Win32.SafeHandles.SafeFileHandle _noSocket = File.OpenHandle("/dev/null", access: FileAccess.ReadWrite);
    readonly byte[] _memory = GC.AllocateUninitializedArray<byte>(100, pinned: true);
    readonly Recorder _log = new();

    public void Dispose()
    {
        _noSocket.Dispose();
        _log.Dispose();
    }

    [Test]
    public void Receiving_ThatFails_IsTold_AndRestsAfterSixteenTimes()
    {
        using var receiver = new MessageReceiver(_noSocket, hasSegments: true);
        bool[] more = [.. Enumerable.Range(0, 33).Select(_ => receiver.Receive((_, _) => Assert.Fail("nothing came"), _log))];
        Assert.That(more.Select((goesOn, i) => goesOn ? 0 : i + 1).Where(at => at > 0), Is.EqualTo(new[] { 16, 32 }));
        Assert.That(_log.Of(EventIds.ReceiveFailed), Has.Count.EqualTo(more.Length));
        Assert.That(receiver.Lost, Is.Zero);
    }

    [Test]
    public void Sending_ThatFails_CostsEachDatagram_AndNoRung([Values] bool hasSegments)
    {
        using var sender = new MessageSender(_noSocket, hasSegments, _log);
        sender.Send(Target, new byte[5], 0);
        sender.Send(Target, new byte[5], 64);
        Assert.That(_log.Of(EventIds.SendFailed), Has.Count.EqualTo(2).And.All.Contains($"{Target}"));
        sender.Send(Batch((Target, 3), (Other, 1), (Target, 2)), 0, 3);
        Assert.That(_log.Of(EventIds.SendFailed).Select(text => text.Contains($"{Target}", StringComparison.Ordinal)),
            Is.EqualTo(new[] { true, true, true, true, true, false, true, true }));
        Assert.That((sender.HasSegments, sender.Problem), Is.EqualTo((hasSegments, (string?)null)));
    }

    [Test]
    public void Sender_ThatIsDisposed_SendsNothing()
    {
        var sender = new MessageSender(_noSocket, hasSegments: true, _log);
        sender.Send(Batch((Target, 2)), 0, 1);
        sender.Dispose();
        sender.Dispose();
        sender.Send(Batch((Target, 2)), 0, 1);
        Assert.That(_log.Of(EventIds.SendFailed), Has.Count.EqualTo(2), "of the first");
    }

    [Test]
    public void Transport_ThatIsDisposed_TakesDatagramsInVain()
    {
        var transport = new BatchTransport(IPv4Endpoint.Parse("127.0.0.1:0"), segments: true, static (_, _) => { }, _log);
        transport.Dispose();
        transport.Dispose();
        Assert.DoesNotThrow(() => transport.Send(Target, new byte[1], 0));
        Assert.DoesNotThrow(() => transport.Send(Batch((Target, 2)), 0, 1));
    }

    DatagramBatch Batch(params (IPv4Endpoint Target, int Count)[] groups)
    {
        var batch = new DatagramBatch();
        byte* payload = (byte*)System.Runtime.InteropServices.Marshal.UnsafeAddrOfPinnedArrayElement(_memory, 0);
        foreach (var (target, count) in groups)
        {
            batch.Begin(20, default);
            for (int i = 0; i < count; i++)
                batch.Add(0, payload, 20);
            batch.Groups[^1].Target = target;
        }
        return batch;
    }
}
