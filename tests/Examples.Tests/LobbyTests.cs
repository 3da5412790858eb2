using System.Net;
using System.Security.Cryptography;
using TeredoSdk.Tests;

namespace TeredoSdk.Examples.Tests;

/// <summary>examples/Lobby as a service, and games that are found by its names.</summary>
public sealed class LobbyTests
{
    static readonly IPEndPoint Here = IPEndPoint.Parse("[2001:0:2d2d:2d01::1]:4242");

    [Test]
    public async Task Lobby_GivesWhatWasPublished_AndRefusesForgeries()
    {
        using var process = ChatProcess.Of("Lobby", "--urls", "http://127.0.0.1:0");
        using var http = new HttpClient { BaseAddress = await SeeAddressAsync(process) };
        var lobby = new HttpRendezvous(http);
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256), other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var record = Record(key, 2);
        Assert.That(await lobby.FindAsync("alice"), Is.Null);
        Assert.That(await lobby.PublishAsync(record), Is.EqualTo(RendezvousStatus.Accepted));
        Assert.That((await lobby.FindPinnedAsync("alice", record.KeyFingerprint))!.ToArray(), Is.EqualTo(record.ToArray()));
        Assert.That(await lobby.PublishAsync(Record(key, 1)), Is.EqualTo(RendezvousStatus.Stale));
        Assert.That(await lobby.PublishAsync(Record(other, 3)), Is.EqualTo(RendezvousStatus.NameTaken));

        byte[] forged = record.ToArray();
        forged[^1] ^= 1;
        foreach (byte[] body in (byte[][])[forged, [], new byte[RendezvousRecord.MaxOctets], new byte[100_000]])
            Assert.That((int)(await http.PutAsync("hosts/alice", new ByteArrayContent(body))).StatusCode, Is.EqualTo(400).Or.EqualTo(413));
        Assert.That((int)(await http.PutAsync("hosts/bob", new ByteArrayContent(record.ToArray()))).StatusCode, Is.EqualTo(400), "another name");
        Assert.That((int)(await http.GetAsync("hosts/%1b%5B31m")).StatusCode, Is.EqualTo(404));
        Assert.That((await process.InterruptAsync()).ExitCode, Is.Zero);
    }

    [Slow]
    [Test]
    public async Task Game_WithAName_IsFound_AndFoundAgainAfterItHasMoved()
    {
        await using var lab = new Loopback();
        using var process = ChatProcess.Of("Lobby", "--urls", "http://127.0.0.1:0");
        string key = Path.Combine(Directory.CreateTempSubdirectory("game").FullName, "alice.key");
        string[] shared = ["--lobby", $"{await SeeAddressAsync(process)}", "--server", $"{lab.Primary},{lab.Secondary}", "--allow-private"];
        string[] hosting = ["host", "--name", "alice", "--key", key, "--web", "0", .. shared];
        using var first = ChatProcess.Of("GameServer", hosting);
        string game = await first.SeeAsync("Name: alice#");
        await first.SeeAsync("0 players");
        using var bots = ChatProcess.Of("GameServer", ["bots", "2", game["Name: ".Length..], .. shared]);
        await first.SeeAsync("2 players");
        await first.KillAsync();
        using var second = ChatProcess.Of("GameServer", hosting);
        Assert.That(await second.SeeAsync("Name: "), Is.EqualTo(game), "its key is in the file");
        await second.SeeAsync("2 players");
        Assert.That((await bots.InterruptAsync()).Output, Does.Contain("2 joins"));
        Directory.Delete(Path.GetDirectoryName(key)!, recursive: true);

        using var mallory = ChatProcess.Of("GameServer", ["bots", "1", $"alice#{new string('0', 64)}", .. shared]);
        var (exitCode, _, errors) = await mallory.FinishAsync();
        Assert.That(exitCode, Is.EqualTo(1));
        Assert.That(errors, Does.Contain("not the host that you know"));
    }

    static async Task<Uri> SeeAddressAsync(ChatProcess lobby)
    {
        const string listening = "      Now listening on: ";
        return new((await lobby.SeeAsync(listening))[listening.Length..]);
    }

    static RendezvousRecord Record(ECDsa key, long sequence) => RendezvousRecord.Sign(key, "alice", [Here], DateTimeOffset.UtcNow.AddMinutes(3), sequence);
}
