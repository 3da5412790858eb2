using System.Net;
using System.Net.Sockets;
using TeredoSdk.Machine;

namespace TeredoSdk.Tests;

/// <summary>What a peer's name comes to.</summary>
public sealed class PeerNamesTests
{
    const string Teredo = "2001:0:c000:201::1", Native = "2001:db8::1";

    static Task<IPAddress[]> ResolveAsync(string host, params string[] answers) =>
        PeerNames.ResolveAsync(host, _ => Task.FromResult(Array.ConvertAll(answers, IPAddress.Parse)), default);

    [Test]
    public async Task TeredoAddresses_ComeFirst_AndOnesOfIPv4AreLeftOut() =>
        Assert.That(await ResolveAsync("peer.example", "::ffff:192.0.2.1", Native, Teredo), Is.EqualTo(new[] { IPAddress.Parse(Teredo), IPAddress.Parse(Native) }));

    [Test]
    public async Task Address_IsTakenAsItIs_AndNobodyIsAsked() => Assert.That(
        await PeerNames.ResolveAsync(Native, _ => throw new InvalidOperationException(), default), Is.EqualTo(new[] { IPAddress.Parse(Native) }));

    [Test]
    public void Address_OfIPv4_IsNoPeer()
    {
        var e = Assert.ThrowsAsync<TeredoException>(() => ResolveAsync("192.0.2.1"))!;
        Assert.That((e.Error, e.Message), Is.EqualTo((TeredoError.DestinationNotAllowed,
            "192.0.2.1 is an IPv4 address; expected the Teredo address of a peer, another IPv6 address, or a name that has one.")));
    }

    [TestCase]
    [TestCase("::ffff:192.0.2.1")]
    public void Name_WithoutAUsableAddress_IsTold(params string[] answers)
    {
        var e = Assert.ThrowsAsync<TeredoException>(() => ResolveAsync("peer.example", answers))!;
        Assert.That(e.Error, Is.EqualTo(TeredoError.HostNotResolved));
        Assert.That(e.InnerException, Is.InstanceOf<SocketException>().With.Property(nameof(SocketException.SocketErrorCode)).EqualTo(SocketError.NoData));
        Assert.That(e.Message, Does.Contain("peer.example").And.Contain("Check its spelling"));
    }

    [Test]
    public void Name_ThatIsEmpty_IsAnError() => Assert.ThrowsAsync<ArgumentException>(() => ResolveAsync(""));
}
