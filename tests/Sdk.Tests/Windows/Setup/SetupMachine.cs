using TeredoSdk.Testing;
using TeredoSdk.Windows;
using TeredoSdk.Windows.Setup;

namespace TeredoSdk.Tests.Windows.Setup;

/// <summary>A Windows in memory on which an application is set up, with a folder for the records.</summary>
sealed class SetupMachine : IDisposable
{
    public const string Name = "Ünïcode 聊天";
    public const string Program = @"C:\Program Files\Ünïcode 聊天\chat.exe";

    readonly string _folder = Path.Combine(Path.GetTempPath(), $"teredosdk-setup-{Guid.NewGuid():N}");

    public SetupMachine(Version? version = null) : this(new FakeWindows(version), Program)
    {
    }

    public SetupMachine(FakeWindows windows, string program)
    {
        Windows = windows;
        Windows.Files[program] = true;
        Options = new() { Name = Name, ProgramPath = program, TcpPort = 4242, Windows = Windows, RecordFolder = _folder, TimeProvider = new HurriedTime() };
    }

    public FakeWindows Windows { get; }

    /// <summary>What is wanted: an exception for TCP port 4242.</summary>
    public TeredoSetupOptions Options { get; }

    public IReadOnlyList<FirewallRule> Rules => Windows.Firewall.Rules;

    /// <summary>The records that there are.</summary>
    public string[] Records => Directory.Exists(_folder) ? Directory.GetFiles(_folder, "*.json") : [];

    /// <summary>The rules that the application's setup makes.</summary>
    public IReadOnlyList<FirewallRule> Wanted => new TeredoFirewall(Windows).WantedRules(Options.ToRequest());

    public static FirewallRule ForeignRule { get; } = new()
    {
        Name = "Somebody else's",
        ProgramPath = Program,
        Protocol = FirewallProtocol.Tcp,
        LocalPorts = "4242",
        Enabled = true,
        EdgeTraversal = EdgeTraversal.Allow,
    };

    /// <summary>What Windows has of itself for its Teredo.</summary>
    public static FirewallRule TeredoPortRule { get; } = new()
    {
        Name = "Kernnetzwerk - Teredo (UDP eingehend)",
        Grouping = "@FirewallAPI.dll,-25000",
        ServiceName = "iphlpsvc",
        Protocol = FirewallProtocol.Udp,
        LocalPorts = "Teredo",
        Enabled = true,
    };

    public Task<SetupPlan> PlanAsync() => TeredoSetup.PlanAsync(Options);

    public Task<SetupPlan> PlanRemovalAsync() => TeredoSetup.PlanRemovalAsync(Options);

    public async Task<SetupPlan> SetUpAsync()
    {
        var plan = await PlanAsync();
        await plan.ApplyAsync();
        return plan;
    }

    public async Task<SetupPlan> RemoveAsync()
    {
        var plan = await PlanRemovalAsync();
        await plan.ApplyAsync();
        return plan;
    }

    /// <summary>Gives the setup a clock that <see cref="RunAsync"/> moves.</summary>
    public void UseManualTime() => Options.TimeProvider = new ManualTime();

    /// <summary>Runs a call. Time goes on only when somebody waits for a moment: the time-outs are far away, and never end.</summary>
    public async Task<T> RunAsync<T>(Func<Task<T>> call)
    {
        var running = call();
        while (!running.IsCompleted)
            if (Options.TimeProvider is ManualTime time && time.IsArmedWithin(TimeSpan.Zero, TimeSpan.FromSeconds(1)))
                time.AdvanceToTheNextTimer();
            else
                await Task.WhenAny(running, Task.Delay(1));
        return await running;
    }

    /// <summary>Runs a call that may fail.</summary>
    /// <returns>Why it failed; null when it did not.</returns>
    public Task<Exception?> FailureAsync(Func<Task> call) => RunAsync<Exception?>(async () =>
    {
        try
        {
            await call();
            return null;
        }
        catch (Exception e) when (e is TeredoException or SimulatedCrashException)
        {
            return e;
        }
    });

    /// <summary>Writes a record that is none.</summary>
    public void Damage(string content) => File.WriteAllText(Records[0], content);

    public void Dispose()
    {
        if (Directory.Exists(_folder))
            Directory.Delete(_folder, recursive: true);
    }
}
