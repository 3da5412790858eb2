using System.Text;
using TeredoSdk.Protocol.Client;
using TeredoSdk.Protocol.Wire;
using TeredoSdk.Testing;

// Two hosts behind two NATs find each other in virtual time, and then an application talks over TCP. A test of yours can look like this.
//   dotnet run --project examples/SimulatedInternet [-- NAT NAT]      where NAT is a value of NatKind, for example PortRestricted

if (args.Contains("--help") || args.Length is not (0 or 2))
{
    Console.WriteLine($"Usage: [NAT NAT], each one of: {string.Join(", ", Enum.GetNames<NatKind>())}.");
    return args.Contains("--help") ? 0 : 2;
}
NatKind[] kinds = new NatKind[2];
for (int i = 0; i < 2; i++)
{
    string name = args.Length == 0 ? nameof(NatKind.PortRestricted) : args[i];
    if (!Enum.TryParse(name, ignoreCase: true, out kinds[i]) || !Enum.IsDefined(kinds[i]))
    {
        Console.Error.WriteLine($"'{args[i]}' is not a kind of NAT; expected one of {string.Join(", ", Enum.GetNames<NatKind>())}.");
        return 2;
    }
}

var internet = new SimulatedInternet(seed: 1);
internet.Server();
var alice = internet.Nat(kinds[0]).Host("alice");
var bob = internet.Nat(kinds[1]).Host("bob");
internet.DatagramSent += datagram =>
{
    if (datagram.From is SimulatedHost) // NATs only repeat the datagrams of hosts
    {
        double seconds = datagram.Time.SinceStart.TotalSeconds;
        Console.WriteLine($"{seconds,7:0.000} s  {datagram.From.Name,-8} {datagram.Source,-21} -> {datagram.Target,-21} {Describe(datagram)}");
    }
};

Console.WriteLine($"Qualification (RFC 4380 §5.2.1), alice behind {kinds[0]}, bob behind {kinds[1]}:");
alice.StartTeredo();
bob.StartTeredo();
if (!internet.RunUntil(() => alice.Teredo.IsQualified && bob.Teredo.IsQualified, TimeSpan.FromSeconds(30)))
    return Fail("The hosts did not qualify.");
foreach (var host in new[] { alice, bob })
    Console.WriteLine($"{host.Name} is {host.Teredo.Address}, NAT: {host.Teredo.Nat.ClassicName}");

Console.WriteLine();
Console.WriteLine("alice pings bob (RFC 4380 §5.2.4, RFC 6081):");
for (var start = internet.Now; internet.Now - start < TimeSpan.FromSeconds(12);)
{
    var ping = alice.Teredo.Ping(bob.Teredo.Address);
    internet.RunUntil(() => ping.Completed, TimeSpan.FromSeconds(1));
    if (ping.Succeeded)
    {
        Console.WriteLine($"Reply after {(internet.Now - start).TotalMilliseconds:0} ms of virtual time.");
        await internet.RunAsync(TalkAsync);
        return 0;
    }
}
var reason = alice.Teredo.Events.Select(e => e.Event).OfType<ClientEvent.PeerUnreachable>().FirstOrDefault()?.Reason;
return Fail($"bob can't be reached: {reason}. No path can be opened between these two kinds of NAT.");

// An application, with real nodes: it waits with await, and with the clock of the internet.
async Task TalkAsync()
{
    Console.WriteLine();
    Console.WriteLine("An application on each host talks over TCP:");
    await using var here = await alice.StartNodeAsync();
    await using var there = await bob.StartNodeAsync();
    await using var listener = await there.ListenAsync(4242);
    await using var caller = await here.ConnectAsync(listener.TeredoEndPoint!);
    await using var callee = await listener.AcceptAsync();
    await caller.GetStream().WriteAsync("hello, bob"u8.ToArray());
    byte[] heard = new byte[10];
    await callee.GetStream().ReadExactlyAsync(heard);
    Console.WriteLine($"bob hears '{Encoding.ASCII.GetString(heard)}' from {callee.RemoteEndPoint}, at {internet.TimeProvider.GetUtcNow():T}.");
}

static int Fail(string sentence)
{
    Console.Error.WriteLine(sentence);
    return 1;
}

static string Describe(SimulatedDatagram datagram)
{
    if (!Encapsulation.TryParse(datagram.Payload.Span, out var parts, out var reason))
        return $"not Teredo ({reason})";
    var packet = parts.Packet;
    string what = packet.IsBubble ? "bubble"
        : Icmpv6Message.TryParse(packet, out var message) ? message.Type.ToString()
        : $"next header {packet.NextHeader}";
    string ttl = datagram.Ttl < 32 ? $", TTL {datagram.Ttl}" : "";
    return parts.HasOrigin ? $"{what}, origin {parts.Origin.MappedEndpoint}{ttl}" : what + ttl;
}
