using System.Diagnostics;
using TeredoSdk.Tests;

namespace TeredoSdk.Examples.Tests;

/// <summary>examples/Installer on its fake Windows.</summary>
public sealed class InstallerTests
{
    [Test]
    public async Task Demo_InstallsAndUninstalls_AndLeavesNothing()
    {
        var (exitCode, output, errors) = await RunAsync("install", @"C:\Program Files\Chat\chat.exe", "--demo");
        Assert.That(exitCode, Is.Zero, errors);
        Assert.That(output, Does.Contain("Add the firewall rule").And.Contain("Switch Windows' Teredo on").And.Contain("Remove the firewall rule"));
        Assert.That(output, Does.Contain("At the end the firewall has 0 rules, and Teredo is set to Default."));
    }

    [Test]
    public async Task Program_ThatNoRuleMayName_IsASentence()
    {
        var (exitCode, _, errors) = await RunAsync("install", @"C:\dotnet\dotnet.exe", "--demo");
        Assert.That(exitCode, Is.EqualTo(1));
        Assert.That(errors, Does.Contain("dotnet.exe").And.Not.Contain("   at "));
    }

    [Test]
    public async Task WithoutArguments_TheUsageIsShown() => Assert.That((await RunAsync()).ExitCode, Is.EqualTo(2));

    static async Task<(int ExitCode, string Output, string Errors)> RunAsync(params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "Installer.dll"), .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync().InTime();
        return (process.ExitCode, await output, await errors);
    }
}
