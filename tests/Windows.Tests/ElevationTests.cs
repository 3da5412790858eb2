using System.Runtime.CompilerServices;
using System.Security.AccessControl;
using System.Text.Json;
using TeredoSdk.Windows.Setup;

namespace TeredoSdk.Windows.Tests;

/// <summary>
/// The process with rights, started by the shell's verb runas. Under Wine nobody is asked, and the rights are no others; on a real Windows no test starts
/// it, because somebody would have to answer.
/// </summary>
[Fakes]
public class ElevationTests
{
    const string Echo = "echo-arguments";

    // Spaces, quotation marks, backslashes at the end and before marks, what a shell replaces, and more than Latin.
    static readonly string[] Pieces = [" ", "\"", @"\", "\\\\", "%PATH%", "%", "^", "&", "'", "=", "-", "/", "\t", "a", "ß", "大", "😀", "$x", "`", "!"];

    static string Folder => Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.CommonApplicationData), nameof(TeredoSdk));

    // What an application calls first in its Main, here before the runner's.
    [ModuleInitializer]
    internal static void Answer()
    {
        WineSupport.Load();
        string[] arguments = Environment.GetCommandLineArgs()[1..];
        if (arguments is [Echo, var file, .. var rest])
        {
            File.WriteAllText(file, JsonSerializer.Serialize(rest));
            Environment.Exit(0);
        }
        if (TeredoSetup.TryRunElevated(arguments) is { } code)
            Environment.Exit(code);
    }

    [SetUp]
    public void BeginAnew() => FakeFiles.Own.Begin();

    [TearDown]
    public void RemoveRecords()
    {
        if (Directory.Exists(Folder))
            Directory.Delete(Folder, recursive: true);
    }

    [TestCase("Chat")]
    [TestCase("100 %PATH% \"Größe 大小\" 😀 \\")]
    public async Task Plan_IsAppliedByTheOtherProcess_AndTakenBack(string name)
    {
        string before = FakeFiles.Own.RuleStore;
        var options = new TeredoSetupOptions { Name = name, ProgramPath = Environment.ProcessPath!, TcpPort = 4242 };
        var plan = await TeredoSetup.PlanAsync(options);
        await ElevateAsync(plan);
        Assert.That(FakeFiles.Own.Rules.Select(rule => rule["LocalPorts"]), Does.Contain("4242"));
        Assert.That((await TeredoSetup.PlanAsync(options)).IsSatisfied, Is.True);
        await ElevateAsync(await TeredoSetup.PlanRemovalAsync(options));
        Assert.That(FakeFiles.Own.RuleStore, Is.EqualTo(before));
    }

    [Test]
    public async Task AnotherUserWhoListens_IsNotAnswered()
    {
        var plan = await TeredoSetup.PlanAsync(new() { Name = "Chat", ProgramPath = Environment.ProcessPath!, TcpPort = 4242 });
        string[] arguments = new ElevatedArguments(false, plan.Request.Options, "S-1-5-21-9-9-9-1001", plan.Digest).ToArguments();
        List<string> told = [];
        Assert.That(await new WindowsElevation().RunAsync(arguments, told.Add, default), Is.EqualTo(1));
        Assert.That(told.Single(), Does.StartWith("failure\tAccessDenied\tThe plan is of the user S-1-5-21-9-9-9-1001"));
        Assert.That(FakeFiles.Own.Rules, Is.Empty);
    }

    [Test]
    public async Task Arguments_ArriveAsTheyAre()
    {
        var random = new Random(20261130);
        string file = Path.Combine(Path.GetTempPath(), $"arguments-{Guid.NewGuid():N}.json");
        string[] arguments =
        [
            "", @"\\server\share\My Chat\", @"C:\a b\\", "\"", @"\""", "\\\\\"", "--name", "%SystemRoot%",
            .. Enumerable.Range(0, 300).Select(_ => string.Concat(random.GetItems(Pieces, random.Next(1, 8)))),
        ];
        using var process = WindowsElevation.Start(Environment.ProcessPath!, [Echo, file, .. arguments]);
        await process.WaitForExitAsync().WaitAsync(Patience.Limit);
        Assert.That(JsonSerializer.Deserialize<string[]>(File.ReadAllText(file)), Is.EqualTo(arguments));
        File.Delete(file);
    }

    // BA, SY: administrators and the system. BU, AU, CO: users, authenticated users, the creator. The last is TrustedInstaller.
    [TestCase("O:BAD:(A;;FA;;;BA)(A;;FA;;;SY)(A;;0x1200a9;;;BU)", false)]
    [TestCase("O:BAD:(A;;FA;;;BA)(A;OICIIO;FA;;;CO)", false)]
    [TestCase("O:S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464D:(A;;FA;;;S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464)", false)]
    [TestCase("O:BAD:(D;;FA;;;BU)(A;;FA;;;BA)", false)]
    [TestCase("O:BAD:(A;;FA;;;BA)(A;;0x1301bf;;;AU)", true)]
    [TestCase("O:BAD:(A;;GW;;;BU)", true)]
    [TestCase("O:BAD:(A;;WD;;;BU)", true)]
    [TestCase("O:S-1-5-21-1-2-3-1001D:(A;;FA;;;BA)", true)]
    [TestCase("O:BA", true)]
    public void Program_MayBeChanged_WhenOthersHaveARightToIt(string descriptor, bool isChangeable) => Assert.That(ProgramProtection.MayBeChanged(
        new RawSecurityDescriptor(descriptor), FileSystemRights.WriteData | FileSystemRights.Delete | FileSystemRights.ChangePermissions), Is.EqualTo(isChangeable));

    [Test]
    public void ProgramThatIsGone_IsNotTrusted() => Assert.That(ProgramProtection.FindWritable(@"C:\none\none.exe"), Is.EqualTo(@"C:\none\none.exe"));

    static Task<IReadOnlyList<Finding>> ElevateAsync(SetupPlan plan) => new ElevationRequest(plan, new Anyone()).ApplyAsync(null, default).WaitAsync(Patience.Limit);

    /// <summary>The real one, whether this session has a desktop or not.</summary>
    sealed class Anyone : IElevation
    {
        readonly WindowsElevation _real = new();

        public string? Program => _real.Program;

        public string User => _real.User;

        public bool IsInteractive => true;

        public string? FindWritable(string program) => _real.FindWritable(program);

        public Task<int> RunAsync(IReadOnlyList<string> arguments, Action<string> told, CancellationToken cancellationToken) =>
            _real.RunAsync(arguments, told, cancellationToken);
    }
}
