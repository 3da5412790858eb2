using System.Diagnostics;
using TeredoSdk.Platform.Tests.Network;
using TeredoSdk.Platform.Tests.Programs;

namespace TeredoSdk.Platform.Tests.Scenarios;

/// <summary>Large payloads between two hosts that are behind two port-restricted NATs, as unprivileged users, over each kind of server.</summary>
public class TransferTests : LabTests
{
    const int PayloadOctets = 100_000_000, RungOctets = 5_000_000;

    /// <summary>Two homes and a server that runs.</summary>
    sealed record Homes(LabHost Server, LabHost Alice, LabHost Bob);

    async Task<Homes> StartAsync(bool miredoServer)
    {
        var lab = NewLab();
        var homes = new Homes(lab.AddServer(), lab.AddNat("nat1", NatKind.PortRestricted).AddHost("alice"),
            lab.AddNat("nat2", NatKind.PortRestricted).AddHost("bob"));
        await lab.StartAsync();
        await (miredoServer ? Miredo.StartServerAsync(homes.Server) : TeredoProgram.StartServerAsync(homes.Server));
        return homes;
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task ListenAndConnect_OverEachServer_Carry100MegabytesBothWaysIntact(bool miredoServer)
    {
        var (server, alice, bob) = await StartAsync(miredoServer);
        var (fromAlice, fromBob) = (await PayloadAsync(alice), await PayloadAsync(bob));
        var listener = StartWithPayload(alice, fromAlice, ["listen", "5000", .. TeredoProgram.Asking(server)]);
        var endPoint = await TeredoProgram.EndPointOfAsync(listener);
        long start = Stopwatch.GetTimestamp();
        var connector = StartWithPayload(bob, fromBob, ["connect", $"{endPoint}", .. TeredoProgram.Asking(server)]);
        await Task.WhenAll(EndAsync(listener), EndAsync(connector));
        var time = Stopwatch.GetElapsedTime(start);
        Assert.That(connector.Output, Is.EqualTo(fromAlice.Hash), connector.Transcript);
        Assert.That(listener.Output, Is.EqualTo(fromBob.Hash), listener.Transcript);
        TestContext.Out.WriteLine($"2 x {PayloadOctets / 1e6} MB in {time.TotalSeconds:F2} s with the start of teredo connect: "
            + $"{2 * PayloadOctets * 8 / time.TotalSeconds / 1e9:F2} Gbit/s");
    }

    // On the small path a full packet and its UDP header do not fit, so the kernel cuts no message into datagrams, and IPv4 fragments.
    [Test]
    public async Task EachRung_CarriesPayloadsIntact([Values("offload", "segments", "batches", "sockets")] string rung, [Values] bool smallPath)
    {
        const string narrow = "for device in $(ip -o link | sed -n 's/^[0-9]*: \\([^:@]*\\).*/\\1/p'); do ip link set $device mtu 1280; done";
        var (server, alice, bob) = await StartAsync(miredoServer: false);
        if (smallPath)
            await Task.WhenAll(alice.Lab.Hosts.Where(host => host is LabNat || host == alice || host == bob).Select(host => host.ShellAsync(narrow)));
        var (fromAlice, fromBob) = (await PayloadAsync(alice, RungOctets), await PayloadAsync(bob, RungOctets));
        string[] asking = ["--datapath", rung, .. TeredoProgram.Asking(server)];
        var listener = StartWithPayload(alice, fromAlice, ["listen", "5000", .. asking]);
        var endPoint = await TeredoProgram.EndPointOfAsync(listener);
        var connector = StartWithPayload(bob, fromBob, ["connect", $"{endPoint}", .. asking]);
        await Task.WhenAll(EndAsync(listener), EndAsync(connector));
        Assert.That(connector.Output, Is.EqualTo(fromAlice.Hash), connector.Transcript);
        Assert.That(listener.Output, Is.EqualTo(fromBob.Hash), listener.Transcript);
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task Chat_OverEachServer_Carries100MegabytesOfLinesIntact(bool miredoServer)
    {
        var (server, alice, bob) = await StartAsync(miredoServer);
        string program = BuildOutput.Executable("examples/Chat"), heard = Path.Combine(LabFiles.Home(alice.Lab), "heard");
        string lines = Path.Combine(bob.Lab.Scratch, "lines");
        string make = $"base64 -w 900 /dev/urandom | head -c {PayloadOctets} | sed '$a\\' | tee {lines} | sha256sum";
        string hash = await bob.RunAsync("sh", "-c", make);

        const string listen = """output=$0; "$@" | tee "$output" | grep --line-buffered -v '^bob: '""";
        var host = alice.Start("sh", ["-c", listen, heard, program, "host", "--name", "alice", .. TeredoProgram.Asking(server)], StartOptions.User);
        string invitation = (await host.WaitForLineAsync("Invitation: ")).Split(' ')[1];
        const string talk = """input=$0; exec "$@" <"$input" """;
        long start = Stopwatch.GetTimestamp();
        string[] arguments = ["join", invitation, "--name", "bob", .. TeredoProgram.Asking(server)];
        var guest = bob.Start("sh", ["-c", talk, lines, program, .. arguments], StartOptions.User);
        Assert.That(await guest.WaitForExitAsync(Patience.LongLimit), Is.Zero, guest.Transcript);
        await host.WaitForLineAsync("bob left"); // printed behind all that bob said
        TestContext.Out.WriteLine($"{PayloadOctets / 1e6} MB in {Stopwatch.GetElapsedTime(start).TotalSeconds:F2} s, with an acknowledgement for each line");
        Assert.That(await alice.RunAsync("sh", "-c", $"sed -n 's/^bob: //p' {heard} | sha256sum"), Is.EqualTo(hash));
    }

    /// <summary>A file of random octets, and what sha256sum says of them.</summary>
    sealed record Payload(string Path, string Hash);

    static async Task<Payload> PayloadAsync(LabHost host, int octets = PayloadOctets)
    {
        string path = Path.Combine(host.Lab.Scratch, $"payload-{host.Name}");
        string hash = await host.RunAsync("sh", "-c", $"head -c {octets} /dev/urandom | tee {path} | sha256sum");
        Assert.That(new FileInfo(path).Length, Is.EqualTo(octets));
        return new(path, hash);
    }

    // A shell around it, because a pipe through this process would be what is measured. Its output is the hash of the command's.
    static LabProcess StartWithPayload(LabHost host, Payload payload, string[] arguments)
    {
        const string script = """input=$0; { "$@" <"$input" || echo "exit code $?" >&2; } | sha256sum""";
        return host.Start("sh", ["-c", script, payload.Path, TeredoProgram.Path, .. arguments], StartOptions.User);
    }

    static async Task EndAsync(LabProcess process)
    {
        await process.WaitForExitAsync(Patience.LongLimit);
        Assert.That(process.Errors, Does.Not.Contain("exit code"), process.Transcript);
    }
}
