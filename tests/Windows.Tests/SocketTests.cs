using System.Net;
using System.Text;

namespace TeredoSdk.Windows.Tests;

/// <summary>Sockets over the Teredo of Windows, to the address that the fake client has.</summary>
[Fakes]
public class SocketTests
{
    static TeredoOptions Options => new() { Provider = TeredoProvider.Windows, AllowPrivateAddresses = true };

    [SetUp]
    public void BeginAnew() => FakeFiles.Own.Begin();

    [Test]
    public async Task Streams_OverTheTeredoAddress_CarryBothWays()
    {
        using var limit = new CancellationTokenSource(Patience.Limit);
        await using var listener = await TeredoSocket.ListenAsync(0, Options, limit.Token);
        Assert.That(listener.TeredoEndPoint!.Address, Is.EqualTo(IPAddress.Parse(FakeFiles.Address)));
        var accepting = listener.AcceptAsync(limit.Token).AsTask();
        await using var calling = await TeredoSocket.ConnectAsync(listener.TeredoEndPoint!, Options, limit.Token);
        await using var called = await accepting;
        await calling.GetStream().WriteAsync(Encoding.UTF8.GetBytes("ping"), limit.Token);
        byte[] buffer = new byte[4];
        await called.GetStream().ReadExactlyAsync(buffer, limit.Token);
        Assert.That(Encoding.UTF8.GetString(buffer), Is.EqualTo("ping"));
    }

    [Test]
    public async Task Datagrams_OverTheTeredoAddress_Arrive()
    {
        using var limit = new CancellationTokenSource(Patience.Limit);
        await using var first = await TeredoSocket.BindDatagramAsync(0, Options, limit.Token);
        await using var second = await TeredoSocket.BindDatagramAsync(0, Options, limit.Token);
        await second.SendToAsync(Encoding.UTF8.GetBytes("ping"), first.TeredoEndPoint!, limit.Token);
        var received = await first.ReceiveAsync(limit.Token);
        Assert.That(Encoding.UTF8.GetString(received.Buffer), Is.EqualTo("ping"));
        Assert.That(received.RemoteEndPoint, Is.EqualTo(second.TeredoEndPoint));
    }

    [Test]
    public async Task Address_IsHeld_WhileSomebodyListens()
    {
        using var limit = new CancellationTokenSource(Patience.Limit);
        await using var node = await TeredoNode.StartAsync(Options, limit.Token);
        int before = node.Report.Windows!.Holds, during;
        await using (await node.ListenAsync(0, cancellationToken: limit.Token))
            during = node.Report.Windows!.Holds;
        int after = node.Report.Windows!.Holds;
        Assert.That((before, during, after), Is.EqualTo((0, 1, 0)));
    }
}
