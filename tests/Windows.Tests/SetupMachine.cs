using TeredoSdk.Windows.Setup;

namespace TeredoSdk.Windows.Tests;

/// <summary>This program set up on the fake Windows, which has rules of others; the records are in a folder of their own.</summary>
sealed class SetupMachine : IDisposable
{
    readonly string _folder = Path.Combine(Path.GetTempPath(), $"teredosdk-setup-{Guid.NewGuid():N}");

    public SetupMachine(params ReadOnlySpan<string> settings)
    {
        FakeFiles.Own.Begin(settings);
        FakeFiles.Own.StoreRules(
            ["Name=Core Networking - Teredo (UDP-In)", "Protocol=17", "LocalPorts=Teredo", "Direction=1", "Enabled=1", "Action=1", "Profiles=2147483647"],
            ["Name=Règle d'un autre", "Protocol=17", "LocalPorts=5000", "Direction=1", "Enabled=1", "Action=1", "Profiles=4"]);
        Options = new()
        {
            Name = "Größe 大小",
            ProgramPath = Environment.ProcessPath!,
            TcpPort = 4242,
            UdpPort = 4243,
            RecordFolder = _folder,
            TimeProvider = new HurriedTime(),
        };
    }

    public TeredoSetupOptions Options { get; }

    /// <summary>The records that there are.</summary>
    public string[] Records => Directory.Exists(_folder) ? Directory.GetFiles(_folder, "*.json") : [];

    /// <summary>The rules with all their fields, but for what the store itself adds to them.</summary>
    public static string Store => string.Join('\n', FakeFiles.Own.Rules.Select(Text).Order(StringComparer.Ordinal));

    public async Task SetUpAsync() => await (await TeredoSetup.PlanAsync(Options)).ApplyAsync();

    public async Task RemoveAsync() => await (await TeredoSetup.PlanRemovalAsync(Options)).ApplyAsync();

    public void Dispose()
    {
        if (Directory.Exists(_folder))
            Directory.Delete(_folder, recursive: true);
    }

    static string Text(Dictionary<string, string> rule) => string.Join(' ', rule.Where(field => field.Key is not ("Id" or "Unseen"))
        .OrderBy(field => field.Key, StringComparer.Ordinal).Select(field => $"{field.Key}={field.Value}"));
}
