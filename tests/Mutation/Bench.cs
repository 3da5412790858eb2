using System.Diagnostics;
using System.Globalization;

namespace TeredoSdk.Mutation;

/// <summary>A copy of the built tests with the host beside them, where one changed assembly at a time is tried.</summary>
sealed class Bench
{
    // A test that takes this many times as long hangs, with a start for small ones.
    const double HangFactor = 10, LeastLimitSeconds = 15;

    readonly Target _target;
    readonly string _folder;

    Bench(Target target, string folder) => (_target, _folder) = (target, folder);

    /// <summary>The place of the changed assembly.</summary>
    string Assembly => Path.Combine(_folder, _target.Assembly);

    public static Bench Create(Target target, string copy, int number)
    {
        string built = Path.Combine(copy, target.Tests, "bin", "Loop", "net10.0"), folder = Path.Combine(copy, target.Tests, "bin", $"Loop{number}", "net10.0");
        if (Directory.Exists(folder))
            Directory.Delete(folder, recursive: true); // of an earlier call
        foreach (string file in Directory.EnumerateFiles(built, "*", SearchOption.AllDirectories))
        {
            string to = Path.Combine(folder, Path.GetRelativePath(built, file));
            Directory.CreateDirectory(Path.GetDirectoryName(to)!);
            File.Copy(file, to);
        }
        string host = typeof(TestHost).Assembly.Location;
        File.Copy(host, Path.Combine(folder, Path.GetFileName(host)));
        return new(target, folder);
    }

    /// <summary>Runs all fast tests, and learns which members each reaches.</summary>
    /// <returns>The file to read it from.</returns>
    public async Task<string> LearnAsync(MemoryStream assembly, int members)
    {
        string map = Path.Combine(_folder, "reach"), learned = Path.Combine(_folder, "learned");
        await File.WriteAllBytesAsync(map, new byte[Math.Max(members, 1)]);
        await File.WriteAllBytesAsync(Assembly, assembly.ToArray());
        if (await RunAsync(TestHost.Learn, learned, TimeSpan.FromMinutes(30), map) != 0)
            throw new InvalidOperationException($"{_target.Tests} does not run.");
        return learned;
    }

    /// <summary>Whether a test of the groups notices what was changed.</summary>
    public async Task<bool> IsKilledAsync(MemoryStream assembly, IReadOnlyList<TestReach[]> groups)
    {
        string plan = Path.Combine(_folder, "plan");
        double all = groups.Sum(group => group.Sum(test => test.Seconds));
        await File.WriteAllTextAsync(plan, string.Join('\n', groups.Select(group => string.Concat(group.Select(test =>
            string.Create(CultureInfo.InvariantCulture, $"{LeastLimitSeconds + HangFactor * test.Seconds}\t{test.Name}\n"))))));
        await File.WriteAllBytesAsync(Assembly, assembly.ToArray());
        return await RunAsync(TestHost.Plan, plan, TimeSpan.FromSeconds(60 + HangFactor * all)) != 0;
    }

    async Task<int> RunAsync(string verb, string file, TimeSpan limit, string map = "")
    {
        string tests = Path.Combine(_folder, Path.GetFileNameWithoutExtension(_target.TestAssembly));
        ProcessStartInfo start = new("dotnet", ["exec", "--depsfile", $"{tests}.deps.json", "--runtimeconfig", $"{tests}.runtimeconfig.json",
            Path.Combine(_folder, Path.GetFileName(typeof(TestHost).Assembly.Location)), TestHost.Verb, _target.TestAssembly, verb, file])
        {
            WorkingDirectory = _folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment[ReachMap.Variable] = map;
        start.Environment["DOTNET_GCHeapHardLimit"] = "0x80000000"; // a loop without end must not take the machine's memory
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        process.OutputDataReceived += (_, _) => { };
        process.ErrorDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        using CancellationTokenSource late = new(limit);
        try
        {
            await process.WaitForExitAsync(late.Token);
            return process.ExitCode;
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            return -1;
        }
    }
}
