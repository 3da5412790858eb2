using System.Diagnostics;
using System.Text.Json;
using TeredoSdk.Platform.Tests.Network;
using TeredoSdk.Platform.Tests.Programs;
using TeredoSdk.Platform.Tests.Setup;

namespace TeredoSdk.Platform.Tests.Doctor;

/// <summary><c>teredo doctor</c> on Linux machines with real faults: all that is wrong, the cause first, and nothing on sound ones.</summary>
sealed class BrokenLinuxTests
{
    static readonly BrokenLinux[] All = [.. BrokenLinux.Sound, .. BrokenLinux.Broken];

    readonly Lab _lab = new(Lab.OrdinaryInternet);
    readonly Dictionary<string, LabHost> _machines = [];

    // Each look begins when its turn comes, and goes on while others wait for silent servers.
    readonly SemaphoreSlim _turn = new(2);
    PrivateRouter? _router;
    Dictionary<string, Task<LabProcess>> _looks = [];

    static IEnumerable<TestCaseData> Sound => BrokenLinux.Sound.Select(row => new TestCaseData(row).SetArgDisplayNames(row.Name));

    static IEnumerable<TestCaseData> Broken => BrokenLinux.Broken.Select(row => new TestCaseData(row).SetArgDisplayNames(row.Name));

    [OneTimeSetUp]
    public async Task LookAtAll()
    {
        var server = _lab.AddPublicHost("server", native: false, 1, 2, 3);
        var plain = _lab.AddServer("plain");
        LabNat symmetric = _lab.AddNat("symmetric", NatKind.Symmetric), closed = _lab.AddNat("closed", NatKind.PortRestricted);
        var inner = _lab.AddNat("outer", NatKind.PortRestricted).AddNat("inner", NatKind.PortRestricted);
        for (int i = 0; i < All.Length; i++)
            _machines[All[i].Name] = All[i].Place switch
            {
                MachinePlace.SymmetricNat => symmetric.AddHost($"m{i}"),
                MachinePlace.ClosedNat => closed.AddHost($"m{i}"),
                MachinePlace.TwoNats => inner.AddHost($"m{i}"),
                _ => _lab.AddPublicHost($"m{i}", native: false),
            };
        await _lab.StartAsync();
        await closed.ShellAsync("nft add table ip only && nft add chain ip only forward '{ type filter hook forward priority -5 ; }' "
            + "&& nft add rule ip only forward iifname lan0 udp dport != 3544 drop && nft add rule ip only forward iifname eth0 udp sport != 3544 drop");
        _router = new(inner);
        await TeredoProgram.StartServerAsync(plain);
        string[] addresses = [.. server.Links[0].Addresses.Select(address => address.Split('/')[0])];
        await TeredoProgram.Start(server, ["server", "--address", addresses[0], "--secondary-address", addresses[1], "--reflect-address", addresses[2]])
            .WaitForLineAsync("serving on");
        _looks = All.ToDictionary(row => row.Name, LookAsync);
    }

    [OneTimeTearDown]
    public async Task RemoveLab()
    {
        _router?.Dispose();
        await _lab.DisposeAsync();
        _turn.Dispose();
    }

    [TestCaseSource(nameof(Sound))]
    public Task SoundMachine_HasNoFinding(object row) => CheckAsync((BrokenLinux)row);

    [TestCaseSource(nameof(Broken))]
    public Task BrokenMachine_HasItsFindings_TheCauseFirst(object row) => CheckAsync((BrokenLinux)row);

    async Task CheckAsync(BrokenLinux row)
    {
        var process = await _looks[row.Name];
        var found = JsonDocument.Parse(process.Output).RootElement.GetProperty("findings").EnumerateArray()
            .ToLookup(finding => finding.GetProperty("severity").GetString() == "note", finding => finding.GetProperty("id").GetString());
        Assert.That(found[false], Is.EqualTo(row.Findings), () => process.Transcript);
        Assert.That(found[true], Is.SupersetOf(row.Notes), () => process.Transcript);
    }

    async Task<LabProcess> LookAsync(BrokenLinux row)
    {
        await _turn.WaitAsync();
        try
        {
            var machine = _machines[row.Name];
            string[] arguments =
                ["doctor", "--json", "--server", row.Server ?? "45.45.45.1", .. row.Arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries)];
            var room = row.HasOwnFiles ? await MachineRoom.EnterAsync(machine) : null;
            await (room?.ShellAsync(row.Break) ?? machine.ShellAsync(row.Break));
            LabProcess process;
            long begin = Stopwatch.GetTimestamp();
            do // a machine may be too slow for a doctor's 15 s
            {
                if (room is not null)
                    (_, process) = await room.TeredoAsync(arguments);
                else
                {
                    process = TeredoProgram.Start(machine, arguments, Options(row.Rights));
                    process.Input.Close();
                    await process.WaitForExitAsync();
                }
            }
            while (process.Output.Contains("doctor.not-checked", StringComparison.Ordinal) && Stopwatch.GetElapsedTime(begin) < Patience.Limit);
            return process;
        }
        finally
        {
            _turn.Release();
        }
    }

    static StartOptions Options(MachineRights rights) => rights switch
    {
        MachineRights.Root => new(),
        MachineRights.NoTun => StartOptions.User with { Tun = TunDevice.Missing },
        MachineRights.TunForRoot => StartOptions.User with { Tun = TunDevice.ForRoot },
        MachineRights.NoNamespaces => StartOptions.User with { UserNamespaces = UserNamespaces.LimitIsZero },
        MachineRights.NamespacesNotPermitted => StartOptions.User with { UserNamespaces = UserNamespaces.NotPermitted },
        _ => StartOptions.User,
    };
}
