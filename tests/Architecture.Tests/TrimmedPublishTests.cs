using System.Diagnostics;

namespace TeredoSdk.Architecture.Tests;

/// <summary>An application that uses the packages works after a trimmed publish, which has no warning (tests/TrimCheck).</summary>
/// <remarks>The same with Native AOT, where a C linker is at hand: <c>dotnet publish tests/TrimCheck -p:PublishAot=true -o FOLDER</c>.</remarks>
public class TrimmedPublishTests
{
    [Slow]
    [Test]
    public void PublishedTrimmed_EveryCheckHolds()
    {
        string folder = Directory.CreateTempSubdirectory("teredosdk-trim").FullName;
        try
        {
            // In folders of its own, because tests/Platform.Tests publish meanwhile. The build has had the analysers' say.
            // No node and no compiler server stays behind.
            string published = Path.Combine(folder, "published");
            Run("dotnet", "publish", Path.Combine(RepositoryRoot.Path, "tests", "TrimCheck"), "-c", "Release", "-o", published,
                "--artifacts-path", Path.Combine(folder, "artifacts"), "-p:RunAnalyzers=false", "-nodeReuse:false", "-p:UseSharedCompilation=false", "--nologo");
            string output = Run(Path.Combine(published, OperatingSystem.IsWindows() ? "TeredoSdk.TrimCheck.exe" : "TeredoSdk.TrimCheck"));
            Assert.That(output, Does.EndWith("All checks hold.").And.Not.Contain("FAILED"));
            Assert.That(new FileInfo(Path.Combine(published, "System.Private.CoreLib.dll")).Length,
                Is.LessThan(new FileInfo(typeof(object).Assembly.Location).Length / 2), "the base library was not trimmed");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    static string Run(string file, params string[] arguments)
    {
        var start = new ProcessStartInfo(file, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.That(process.ExitCode, Is.Zero, $"{Path.GetFileName(file)} {string.Join(' ', arguments)}\n{output}{errors.Result}");
        return output.Trim();
    }
}
