using System.Globalization;

namespace TeredoSdk.Mutation;

/// <summary>A project of tests.</summary>
sealed record TestProject(string Folder, string Assembly)
{
    /// <summary>The projects whose programs its tests start with the changed assembly, as they are built for these tests.</summary>
    public IReadOnlyList<string> Programs { get; init; } = [];

    /// <summary>What the full names of its tests contain; empty for all of its fast tests. Slow ones count where this names them.</summary>
    public IReadOnlyList<string> Only { get; init; } = [];

    /// <summary>Its slow tests instead of its fast ones, as far as they reach the changed member.</summary>
    public TestProject Slow => this with { Only = [TestHost.Slow], MostTests = 12, MostSeconds = 60 };

    /// <summary>How many of its tests a mutant that all tests before left alive is tried on, the nearest first; null for all.</summary>
    public int? MostTests { get; init; }

    /// <summary>How many seconds those may take without a change.</summary>
    public double MostSeconds { get; init; } = double.MaxValue;

    /// <summary>How many seconds one of them may take without a change.</summary>
    public double LongestTest { get; init; } = double.MaxValue;

    /// <summary>Whether real programs run in real time: such tests run one after the other, and what is red must be red a second time.</summary>
    public bool IsReal => Programs.Count > 0;
}

/// <summary>A project, the tests that shall notice, and how many percent of the mutants they shall notice.</summary>
sealed record Target(string Name, string Source, string Assembly, IReadOnlyList<TestProject> Tests, int Goal)
{
    // What an application registers: tests/Hosting.Tests runs it inside an application.
    static readonly string[] Hosting = ["Hosting/", "TeredoHealthChecksBuilderExtensions.cs", "TeredoServiceCollectionExtensions.cs", "TeredoSocketFactory.cs"];

    // What of the laboratory is about the sdk as it stands, and takes seconds: not miredo alone, nor the programs for Windows.
    static readonly TestProject Laboratory = new("tests/Platform.Tests", "TeredoSdk.Platform.Tests.dll")
    {
        Programs = ["src/TeredoSdk.Cli", "tests/Platform.Probe", "examples/Chat", "examples/SimulatedInternet"],
        Only =
        [
            ".Platform.Tests.Doctor.", ".Setup.ServiceSetupTests.", ".Scenarios.BadInputTests.", ".InteropTests.", ".InterfaceProviderTests.", ".NetworkChangeTests.",
            ".PoorMachineTests.", ".PortMappingTests.", ".ReachabilityTests.", ".SandboxTests.",
        ],
        MostTests = 12,
        MostSeconds = 60,
        LongestTest = 15,
    };

    static readonly TestProject CoreTests = new("tests/Protocol.Tests", "TeredoSdk.Protocol.Tests.dll"), SdkTests = new("tests/Sdk.Tests", "TeredoSdk.Tests.dll");

    static readonly TestProject HostingTests = new("tests/Hosting.Tests", "TeredoSdk.Hosting.Tests.dll"), CommandTests = new("tests/Cli.Tests", "TeredoSdk.Cli.Tests.dll");

    public static IReadOnlyList<Target> All { get; } =
    [
        new("core", "src/TeredoSdk.Protocol", "TeredoSdk.Protocol.dll", [CoreTests, CoreTests.Slow, SdkTests with { MostTests = 12 }], 95),
        new("sdk", "src/TeredoSdk", "TeredoSdk.dll",
            [SdkTests, SdkTests.Slow, HostingTests with { MostTests = 12 }, CommandTests with { MostTests = 12, MostSeconds = 30 }, Laboratory], 90)
        {
            LeftOut =
            [
                .. Hosting, // the target hosting
                // These make or use a network device of the machine itself, by programs that run as root for long.
                "Engine/Linux/KernelForwarding.cs", "Engine/Stacks/Machine/", "Machine/InterfacePing.cs", "TeredoInterfaceHost.cs", "TeredoRelayHost.cs",
                // Its rules stand in the assembly for Windows, and follow when that is rewritten.
                "Links/Windows/",
                // Plays packets before there are any, so that the JIT has compiled their way: all that it does shows in the time of the first packet alone.
                "Engine/Rehearsal.cs",
            ],
        },
        new("hosting", "src/TeredoSdk", "TeredoSdk.dll", [HostingTests], 90) { Only = Hosting },
        new("windows", "src/TeredoSdk.Windows", "TeredoSdk.Windows.dll", [SdkTests with { Only = [".Windows.", ".Doctor."] }, CommandTests with { MostTests = 12, MostSeconds = 30 }], 90)
        {
            // What calls Windows itself: tests/Windows.Tests runs it there.
            LeftOut = ["Native/", "WindowsSystem.cs", "Setup/WindowsElevation.cs", "Setup/RecordProtection.cs", "Doctor/MachineReader.cs"],
        },
        new("command", "src/TeredoSdk.Cli", "teredo.dll", [CommandTests, CommandTests.Slow], 85),
    ];

    /// <summary>The files and folders that are looked at; empty for all.</summary>
    public IReadOnlyList<string> Only { get; init; } = [];

    /// <summary>The files and folders that are left out.</summary>
    public IReadOnlyList<string> LeftOut { get; init; } = [];

    /// <summary>Whether a file is looked at.</summary>
    /// <param name="file">Its path inside <see cref="Source"/>.</param>
    public bool Has(string file) => (Only.Count == 0 || Only.Any(part => file.StartsWith(part, StringComparison.Ordinal)))
        && !LeftOut.Any(part => file.StartsWith(part, StringComparison.Ordinal));
}

/// <summary>What came of a sample.</summary>
/// <param name="Sites">How many mutants there are.</param>
/// <param name="Equal">How many of them equal.tsv lists.</param>
/// <param name="Tried">How many were tried; what does not compile is none.</param>
/// <param name="Killed">How many of those a test noticed.</param>
sealed record Score(int Sites, int Equal, int Tried, int Killed)
{
    public double Percent => Tried == 0 ? 100 : 100.0 * Killed / Tried;

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Killed} of {Tried} killed, {Percent:0.0} % ({Sites} mutants in all, {Equal} of them equal)");
}
