using System.Net;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using TeredoSdk;
using TeredoSdk.Protocol;
using TeredoSdk.Protocol.Client;
using TeredoSdk.Protocol.Server;
using TeredoSdk.Protocol.Wire;
using TeredoSdk.Testing;
using TeredoSdk.Windows;
using TeredoSdk.Windows.Setup;

// What an application does with the packages, to be published trimmed (or with -p:PublishAot=true) and run.
// Each check prints a line; the exit code is the number of those that failed.
byte[] clientId = "client"u8.ToArray();
byte[] secret = "not much of a secret"u8.ToArray();
int failures = 0;

foreach (var algorithm in Enum.GetValues<AuthenticationAlgorithm>())
{
    var keys = new ServerKeyTable();
    keys.Set(clientId, new ServerKey { Secret = secret, Algorithm = algorithm });
    var internet = new SimulatedInternet(seed: 1);
    var server = internet.Server(options => options with { Keys = keys });
    internet.Relay();
    var native = internet.NativeNode("native");
    var alice = internet.Nat(NatKind.PortRestricted).Host("alice");
    var bob = internet.Nat(NatKind.SequentialSymmetric).Host("bob");
    var shared = new TeredoSecret { ClientIdentifier = clientId, Secret = secret, Algorithm = algorithm };
    foreach (var host in new[] { alice, bob })
        host.StartTeredo(options => options with { Secret = shared, LocalDiscovery = true });

    Check($"{algorithm}: both qualify", internet.RunUntil(() => alice.Teredo.IsQualified && bob.Teredo.IsQualified, TimeSpan.FromSeconds(30)));
    var toBob = alice.Teredo.Ping(bob.Teredo.Address);
    Check($"{algorithm}: alice reaches bob", internet.RunUntil(() => toBob.Succeeded, TimeSpan.FromSeconds(10)));
    var toNative = alice.Teredo.Ping(native.Address);
    Check($"{algorithm}: alice reaches a native node", internet.RunUntil(() => toNative.Succeeded, TimeSpan.FromSeconds(10)));
    Check($"{algorithm}: events and reports print", $"{alice.Teredo.Events[^1]} {alice.Teredo.Nat}".Contains(nameof(NatReport.Mapping), StringComparison.Ordinal));
    Check($"{algorithm}: nothing odd was dropped", server.Core.Drops[DropReason.BadAuthentication] == 0);
    using var pcap = new MemoryStream();
    internet.Capture.WritePcap(pcap);
    Check($"{algorithm}: the capture is written", pcap.Length > 24);
}

Check("an address survives its text", Survives(new TeredoAddress(new IPv4Address(0xcb007101), TeredoFlags.Cone, new IPv4Endpoint(new IPv4Address(0xcb007102), 4242))));
Check("an endpoint survives its text", Survives(new IPv4Endpoint(new IPv4Address(0xcb007102), 4242)));
Check("the system's random source fills", Fills(CryptographicRandom.Instance));
Check("a bad option is refused", Refuses(() => _ = new TeredoClient(new TeredoClientOptions { Servers = [] }, CryptographicRandom.Instance)));
Check("options are read from the configuration, and injected", Reads("Provider", "Embedded", options => options.Provider == TeredoProvider.Embedded));
Check("an option that can't be read is named",
    Names("Provider", "Embeded", "Teredo:Provider is 'Embeded'; expected Auto, Windows, Interface or Embedded."));
Check("an option outside its range is named",
    Names("RefreshInterval", "00:00:01", "Teredo:RefreshInterval is 00:00:01; expected 5 seconds to 10 minutes."));
Check("a peer dials a listener, or datagrams go where there are no kernel sockets", await TalksAsync());
Check("a setup on a fake Windows is applied, recorded and taken back", await SetsUpAsync());
Check("a listener on a fake Windows has the exception and the address of Teredo", await ListensOnWindowsAsync());
Console.WriteLine(failures == 0 ? "All checks hold." : $"{failures} checks failed.");
return failures;

void Check(string what, bool holds)
{
    Console.WriteLine($"{(holds ? "ok" : "FAILED")}: {what}");
    failures += holds ? 0 : 1;
}

static bool Survives<T>(T value) where T : struct, ISpanParsable<T> => T.Parse(value.ToString(), null).Equals(value);

static bool Fills(IRandomSource random)
{
    byte[] octets = new byte[32];
    random.Fill(octets);
    return octets.AsSpan().ContainsAnyExcept((byte)0);
}

static bool Refuses(Action action)
{
    try
    {
        action();
        return false;
    }
    catch (ArgumentException exception)
    {
        return exception.Message.Contains(nameof(TeredoClientOptions.Servers), StringComparison.Ordinal);
    }
}

static ServiceProvider Application(string option, string value) => new ServiceCollection()
    .AddSingleton<IConfiguration>(new ConfigurationBuilder().AddInMemoryCollection([new($"Teredo:{option}", value)]).Build())
    .AddTeredo().BuildServiceProvider();

static bool Reads(string option, string value, Func<TeredoOptions, bool> holds)
{
    using var services = Application(option, value);
    return holds(services.GetRequiredService<IOptions<TeredoOptions>>().Value)
        && services.GetRequiredService<ITeredoSocketFactory>().Report.State == TeredoState.Stopped;
}

static bool Names(string option, string value, string sentence)
{
    using var services = Application(option, value);
    try
    {
        return services.GetRequiredService<IOptions<TeredoOptions>>().Value is null;
    }
    catch (OptionsValidationException exception)
    {
        return exception.Message == sentence;
    }
}

// A server and two nodes on loopback addresses of this machine.
static async Task<bool> TalksAsync()
{
    var (primary, secondary) = (IPAddress.Parse("127.66.66.1"), IPAddress.Parse("127.66.66.2"));
    using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(2));
    await using var server = await TeredoServerHost.StartAsync(new() { Address = primary, SecondaryAddress = secondary, AllowPrivateAddresses = true }, limit.Token);
    var options = new TeredoOptions { Servers = [$"{primary},{secondary}"], AllowPrivateAddresses = true, Provider = TeredoProvider.Embedded };
    await using var alice = await TeredoNode.StartAsync(options, limit.Token);
    await using var bob = await TeredoNode.StartAsync(options, limit.Token);
    byte[] sent = [1, 2, 3], received = new byte[3];
    if (!bob.Report.KernelSockets)
    {
        await using var open = await bob.BindDatagramAsync(4242, cancellationToken: limit.Token);
        await using var caller = await alice.BindDatagramAsync(0, cancellationToken: limit.Token);
        await caller.SendToAsync(sent, open.TeredoEndPoint!, limit.Token);
        return (await open.ReceiveAsync(limit.Token)).Buffer.AsSpan().SequenceEqual(sent);
    }
    await using var listener = await bob.ListenAsync(4242, cancellationToken: limit.Token);
    await using var connection = await alice.ConnectAsync(listener.TeredoEndPoint!, limit.Token);
    await using var accepted = await listener.AcceptAsync(limit.Token);
    await connection.GetStream().WriteAsync(sent, limit.Token);
    await accepted.GetStream().ReadExactlyAsync(received, limit.Token);
    return received.AsSpan().SequenceEqual(sent);
}

static async Task<bool> SetsUpAsync()
{
    var windows = new FakeWindows();
    var folder = Directory.CreateTempSubdirectory("teredosdk-trim");
    try
    {
        string records = Path.Combine(folder.FullName, "records");
        var options = new TeredoSetupOptions { Name = "Check", ProgramPath = windows.ProgramPath!, EnableTeredo = true, Windows = windows, RecordFolder = records };
        await (await TeredoSetup.PlanAsync(options)).ApplyAsync();
        bool isDone = windows.Firewall.Rules.Count == 3 && windows.Teredo.EffectiveType != TeredoType.Default;
        await (await TeredoSetup.PlanRemovalAsync(options)).ApplyAsync();
        return isDone && windows.Firewall.Rules.Count == 0 && windows.Teredo.Configuration.Type == TeredoType.Default;
    }
    finally
    {
        folder.Delete(recursive: true);
    }
}

static async Task<bool> ListensOnWindowsAsync()
{
    using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(2));
    var windows = new FakeWindows();
    windows.Teredo.Configuration = windows.Teredo.Configuration with { Type = TeredoType.EnterpriseClient };
    await using var listener = await TeredoSocket.ListenAsync(0, new() { Provider = TeredoProvider.Windows, Windows = windows, RegisterFirewallException = true }, limit.Token);
    return windows.Teredo.Address.Equals(listener.TeredoEndPoint?.Address) && listener.Report.Windows is { LetsStrangersIn: true, Holds: 1 };
}
