using TeredoSdk.Platform.Tests.Network;
using TeredoSdk.Platform.Tests.Programs;

namespace TeredoSdk.Platform.Tests.Wine;

/// <summary>
/// Every test of the suite for Windows, run by Wine in the setting that it is for: Wine as it is, with fakes of Windows' parts, with fakes that
/// refuse. One run for each setting; each test is a case here.
/// </summary>
public class WindowsSuiteTests
{
    readonly Dictionary<string, Task<IReadOnlyDictionary<string, WindowsTestResult>>> _runs = [];
    readonly List<Lab> _labs = [];

    static IEnumerable<TestCaseData> Tests =>
        WindowsSuite.Tests().Select(test => new TestCaseData(test.Setting, test.Name).SetArgDisplayNames(test.Setting, test.Name));

    [OneTimeSetUp]
    public void RequireWine() => WineInstallation.Require();

    [OneTimeTearDown]
    public async Task RemoveLabs()
    {
        foreach (var lab in _labs)
            await lab.DisposeAsync();
    }

    [TestCaseSource(nameof(Tests))]
    public async Task Windows(string setting, string test)
    {
        if (!_runs.TryGetValue(setting, out var run))
            _runs[setting] = run = RunAsync(setting);
        var results = await run;
        Assert.That(results, Does.ContainKey(test), () => $"The run in the setting {setting} did not get to this test.");
        if (results[test].Outcome != "Passed")
            Assert.Fail($"{results[test].Outcome} under Wine: {results[test].Message}");
    }

    async Task<IReadOnlyDictionary<string, WindowsTestResult>> RunAsync(string setting)
    {
        var lab = new Lab();
        _labs.Add(lab);
        bool isBroken = setting is "Broken" or "Unserved";
        // The address of the fake client would stay where the client is off.
        var host = isBroken ? lab.AddPublicHost("windows", native: false) : NativeFakes.AddHost(lab);
        var server = isBroken ? lab.AddServer() : null; // FakeFiles.Server
        await lab.StartAsync();
        if (server is not null)
            await TeredoProgram.StartServerAsync(server);
        var windows = await WindowsHost.StartAsync(host, setting switch
        {
            "Bare" => NativeFakes.InstallWorkaroundAsync,
            "Broken" => NativeFakes.InstallInApartmentsAsync,
            "Unserved" => NativeFakes.InstallWithoutIpHelperAsync,
            _ => NativeFakes.InstallAsync,
        });
        return await WindowsSuite.RunAsync(windows, setting);
    }
}
