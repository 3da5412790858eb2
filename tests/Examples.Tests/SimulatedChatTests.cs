using System.Security.Cryptography;
using System.Text;
using Chat;
using TeredoSdk.Testing;
using TeredoSdk.Tests;

namespace TeredoSdk.Examples.Tests;

/// <summary>The chat, whole, in the simulated internet: a thousand minutes of it behind each kind of NAT, on lines that lose.</summary>
public sealed class SimulatedChatTests
{
    static readonly TimeSpan Pause = TimeSpan.FromMinutes(10);
    const int Lines = 100, Port = 4242;

    [Test]
    public async Task ThousandMinutes_BehindEachKindOfNat_EveryLineReachesEverybody(
        [Values] NatKind kind, [Values] bool overDatagrams, [Values(0.01, 0.03)] double loss) =>
        await ChatAsync(new(seed: 4) { Loss = loss }, kind, overDatagrams);

    [Test]
    public async Task SameSeed_SamePackets([Values] bool overDatagrams)
    {
        string one = await TraceAsync(7), again = await TraceAsync(7), other = await TraceAsync(8);
        Assert.That(again, Is.EqualTo(one));
        Assert.That(other, Is.Not.EqualTo(one));

        async Task<string> TraceAsync(ulong seed)
        {
            var internet = new SimulatedInternet(seed) { Loss = 0.01 };
            using var trace = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            internet.DatagramSent += datagram =>
            {
                trace.AppendData(Encoding.ASCII.GetBytes($"{datagram.Time.SinceStart.Ticks} {datagram.Source} {datagram.Target} "));
                trace.AppendData(datagram.Payload.Span);
            };
            await ChatAsync(internet, NatKind.PortRestricted, overDatagrams);
            return Convert.ToHexString(trace.GetHashAndReset());
        }
    }

    // Alice hosts behind the NAT, bob and carol join her; then they talk in turn.
    static async Task ChatAsync(SimulatedInternet internet, NatKind kind, bool overDatagrams)
    {
        internet.Server();
        List<string> told = [];
        await internet.RunAsync(async () =>
        {
            await using var alice = await OpenAsync("alice", internet.Nat(kind));
            await using var bob = await OpenAsync("bob", internet.Nat(NatKind.Cone));
            await using var carol = await OpenAsync("carol", internet.Nat(NatKind.Cone));
            await bob.Mesh.JoinAsync(alice.Invitation);
            await carol.Mesh.JoinAsync(alice.Invitation);
            Peer[] peers = [alice, bob, carol];
            for (int i = 0; i < Lines; i++)
            {
                Assert.That(await peers[i % 3].Mesh.SayAsync($"line {i}"), Is.EqualTo(2), string.Join('\n', told));
                await Task.Delay(Pause, internet.TimeProvider);
            }
        }).InTime();
        Assert.That(internet.Now.SinceStart, Is.GreaterThanOrEqualTo(TimeSpan.FromMinutes(1000)));
        string[] names = ["alice", "bob", "carol"];
        var expected = Enumerable.Range(0, Lines)
            .SelectMany(i => names.Where(name => name != names[i % 3]).Select(name => $"{name} sees {names[i % 3]}: line {i}"));
        Assert.That(told.Where(line => line.Contains(": line")), Is.EquivalentTo(expected));

        async Task<Peer> OpenAsync(string name, SimulatedNat nat)
        {
            var node = await nat.Host(name).StartNodeAsync();
            var carrier = await Carrier.OpenAsync(node, Port, Arguments.Parse(overDatagrams ? ["--datagrams"] : []), default, internet.TimeProvider);
            return new(new Mesh(name, carrier, line => told.Add($"{name} sees {line}"), internet.TimeProvider), carrier.Invitation);
        }
    }

    sealed record Peer(Mesh Mesh, Invitation Invitation) : IAsyncDisposable
    {
        public ValueTask DisposeAsync() => Mesh.DisposeAsync();
    }
}
