using System.Diagnostics;
using System.Runtime.Versioning;
using Microsoft.Extensions.Logging.Abstractions;
using TeredoSdk.Engine.PortMapping;
using TeredoSdk.Machine;
using TeredoSdk.Protocol;

namespace TeredoSdk.Tests.PortMapping;

/// <summary>What killed processes left at the gateway (RFC 6081 §5.3.3), and who may remove it.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class NotesTests : IAsyncDisposable
{
    const string OldPort = "50123";

    readonly LoopbackGateway _gateway = new();
    readonly FakeIgd _igd;
    readonly string _directory = Path.Combine(Path.GetTempPath(), $"teredo-notes-{Guid.NewGuid():N}");

    public NotesTests()
    {
        _igd = new(_gateway);
        _igd.Listen();
        _gateway.Notes = _directory;
        _igd.Table[OldPort] = new($"{Old.Address}", $"{Old.Port}", "TEREDO", "0");
    }

    public async ValueTask DisposeAsync()
    {
        await _gateway.DisposeAsync();
        if (Directory.Exists(_directory))
            Directory.Delete(_directory, recursive: true);
    }

    static IPv4Endpoint Old => IPv4Endpoint.Parse("192.0.2.5:50123");

    // A process of this machine that has ended.
    static ProcessMark Dead => ProcessMark.Current with { Start = ProcessMark.Current.Start + 1 };

    string[] Notes => Directory.Exists(_directory) ? Directory.GetFiles(_directory) : [];

    void Leave(ProcessMark process) => Assert.That(new MappingNote(Path.Combine(_directory, "mapping-old.note"), process,
        new(FakeIgd.IpService, new($"http://{_gateway.Address}:{_gateway.HttpPort}/control")), Old, ushort.Parse(OldPort), NullLogger.Instance).Save());

    async Task<PortLease> MapAsync() => (await _gateway.Mapper.MapAsync(_gateway.Client, _gateway.Client.Port, default).InTime()).Lease!;

    [Test]
    [Conformance("C-176", "C-177")]
    public async Task MappingOfADeadProcess_IsRemovedBeforeOneIsAskedFor()
    {
        Leave(Dead);
        await using var lease = await MapAsync();
        Assert.That(_igd.Table.Keys, Is.EqualTo(new[] { $"{_gateway.Client.Port}" }));
        Assert.That(_igd.Calls.Select(call => call.Action),
            Is.EqualTo(new[] { "GetSpecificPortMappingEntry", "DeletePortMapping", "GetExternalIPAddress", "AddPortMapping" }));
        Assert.That(Notes, Has.Length.EqualTo(1), "that of the new mapping");
    }

    [Test]
    public async Task MappingOfALiveProcess_IsLeftAlone()
    {
        Leave(ProcessMark.Current);
        await using var lease = await MapAsync();
        Assert.That(_igd.Table, Does.ContainKey(OldPort));
        Assert.That(Notes, Has.Length.EqualTo(2));
    }

    [TestCase("somewhere", null)]
    [TestCase(null, "pid:[1]")]
    public async Task ProcessThatCannotBeJudgedFromHere_IsLeftAlone(string? machine, string? space)
    {
        if (space is not null && !OperatingSystem.IsLinux())
            return;
        Leave(Dead with { Machine = machine ?? Dead.Machine, Space = space ?? Dead.Space });
        await using var lease = await MapAsync();
        Assert.That(_igd.Table, Does.ContainKey(OldPort));
    }

    [TestCase("game")]
    [TestCase("TEREDO", "192.0.2.6")]
    public async Task EntryThatIsNotOurs_IsLeftAlone_AndTheNoteGoes(string description, string client = "192.0.2.5")
    {
        Leave(Dead);
        _igd.Table[OldPort] = new(client, $"{Old.Port}", description, "0");
        await using var lease = await MapAsync();
        Assert.That(_igd.Table, Does.ContainKey(OldPort));
        Assert.That(Notes, Has.Length.EqualTo(1));
    }

    [Test]
    public async Task GatewayThatIsAway_TheNoteStays()
    {
        Leave(Dead);
        string text = await File.ReadAllTextAsync(Notes.Single());
        await File.WriteAllTextAsync(Notes.Single(), text.Replace($":{_gateway.HttpPort}/", ":1/", StringComparison.Ordinal));
        await using var lease = await MapAsync();
        Assert.That(Notes, Has.Length.EqualTo(2));
    }

    [Test]
    public async Task OwnNote_GoesWithTheMapping()
    {
        var lease = await MapAsync();
        string note = Notes.Single();
        Assert.That(await File.ReadAllTextAsync(note), Does.Contain($"{ProcessMark.Current}").And.Contain($"{_gateway.Client}"));
        lease.Renew();
        await lease.DisposeAsync().InTime();
        Assert.That(Notes, Is.Empty);
        Assert.That(_igd.Table.Keys, Is.EqualTo(new[] { OldPort }));
    }

    [TestCase("")]
    [TestCase("teredo-mapping-1\nx")]
    [TestCase("teredo-mapping-1\nm - - 1 5\nurn:schemas-upnp-org:service:WANIPConnection:1\nhttp://router.example/ctl\n192.0.2.5:1\n2\n")]
    [TestCase("teredo-mapping-1\nm - - 1 5\nurn:else\nhttp://192.0.2.1/ctl\n192.0.2.5:1\n2\n")]
    public async Task FileThatIsNoNote_IsLeftAlone(string text)
    {
        Directory.CreateDirectory(_directory);
        string path = Path.Combine(_directory, "mapping-x.note");
        await File.WriteAllTextAsync(path, text);
        await using var lease = await MapAsync();
        Assert.That(await File.ReadAllTextAsync(path), Is.EqualTo(text));
    }

    [Test]
    public async Task NoPlaceForNotes_IsNoHindrance()
    {
        _gateway.Notes = Path.Combine(typeof(NotesTests).Assembly.Location, "below-a-file");
        await using var lease = await MapAsync();
        Assert.That(lease, Is.Not.Null);
    }

    MappingNotes Found => new(_directory, NullLogger.Instance);

    [Test]
    public void OneStart_TakesThirtyTwoNotes_AndTheNextOneTheRest()
    {
        Leave(Dead);
        for (int i = 0; i < 32; i++)
            File.Copy(Path.Combine(_directory, "mapping-old.note"), Path.Combine(_directory, $"mapping-old{i}.note"));
        Assert.That(Found.TakeDead(), Has.Count.EqualTo(32));
        Assert.That(Found.TakeDead(), Has.Count.EqualTo(1));
        Assert.That(Found.TakeDead(), Is.Empty, "whoever took them lives");
        Assert.That(Notes, Has.Length.EqualTo(33));
    }

    [TestCase(4096, 1), TestCase(4097, 0)]
    public void LargeFile_IsNoNote(int octets, int notes)
    {
        Leave(Dead);
        File.AppendAllText(Notes.Single(), new string('x', octets - (int)new FileInfo(Notes.Single()).Length));
        Assert.That(Found.TakeDead(), Has.Count.EqualTo(notes));
    }

    [Test]
    [Platform("Linux"), UnsupportedOSPlatform("windows")]
    public void Notes_AreTheUsersOwn()
    {
        Leave(Dead);
        Assert.That(File.GetUnixFileMode(_directory), Is.EqualTo(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute));
    }

    [Test]
    public void ProcessThatEnds_IsDead()
    {
        Assert.That(ProcessMark.Current.IsAlive());
        Assert.That(ProcessMark.TryParse($"{ProcessMark.Current}", out var mark) && mark == ProcessMark.Current);
        using var process = Process.Start(new ProcessStartInfo(Environment.ProcessPath!, "--version") { RedirectStandardOutput = true })!;
        process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.That((ProcessMark.Current with { Id = process.Id }).IsAlive(), Is.False);
        Assert.That((ProcessMark.Current with { Boot = "another" }).IsAlive(), Is.EqualTo(!OperatingSystem.IsLinux()));
    }

    [Test]
    [Platform("Linux")]
    public void Process_IsDeadOnlyWhereThatCanBeToldFromHere()
    {
        var dead = Dead;
        Assert.That(dead.IsAlive(), Is.False);
        foreach (var elsewhere in new[] { dead with { Machine = "another" }, dead with { Space = "another" }, dead with { Boot = "-" } })
            Assert.That(elsewhere.IsAlive(), Is.True, $"{elsewhere}");
    }

    [TestCase("pc boot space 1 2", true)]
    [TestCase("pc boot space 1 0", true)]
    [TestCase("pc boot space 0 2", false)]
    [TestCase("pc boot space -1 2", false)]
    [TestCase("pc boot space one 2", false)]
    [TestCase("pc boot space 1 two", false)]
    [TestCase("pc boot space 1", false)]
    [TestCase("pc boot space 1 2 3", false)]
    public void Mark_IsFiveWords(string text, bool isOne)
    {
        Assert.That(ProcessMark.TryParse(text, out var mark), Is.EqualTo(isOne));
        Assert.That($"{mark}", isOne ? Is.EqualTo(text) : Is.EqualTo($"{default(ProcessMark)}"));
    }
}
