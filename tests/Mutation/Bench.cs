using System.Diagnostics;
using System.Globalization;

namespace TeredoSdk.Mutation;

/// <summary>A copy of the built tests with the host beside them, where one changed assembly at a time is tried.</summary>
sealed class Bench
{
    // A test that takes this many times as long hangs, with a start for small ones.
    const double HangFactor = 10, LeastLimitSeconds = 15;

    static readonly SemaphoreSlim Turn = new(1); // of the tests in real time

    readonly TestProject _tests;
    readonly string _assembly;

    // Of the tests, then of the programs that they start.
    readonly string[] _folders;

    Bench(TestProject tests, string assembly, string[] folders) => (_tests, _assembly, _folders) = (tests, assembly, folders);

    public TestProject Tests => _tests;

    public static Bench Create(TestProject tests, string assembly, string copy, int number)
    {
        string[] folders = [.. tests.Programs.Prepend(tests.Folder).Select(project => CopyBuilt(Path.Combine(copy, project), number))];
        string host = typeof(TestHost).Assembly.Location;
        File.Copy(host, Path.Combine(folders[0], Path.GetFileName(host)));
        return new(tests, assembly, folders);
    }

    static string CopyBuilt(string project, int number)
    {
        string built = Path.Combine(project, "bin", "Loop", "net10.0"), folder = Path.Combine(project, "bin", $"Loop{number}", "net10.0");
        if (Directory.Exists(folder))
            Directory.Delete(folder, recursive: true); // of an earlier call
        foreach (string file in Directory.EnumerateFiles(built, "*", SearchOption.AllDirectories))
        {
            string to = Path.Combine(folder, Path.GetRelativePath(built, file));
            Directory.CreateDirectory(Path.GetDirectoryName(to)!);
            File.Copy(file, to);
        }
        return folder;
    }

    /// <summary>Runs all tests that count, and learns which members each reaches.</summary>
    /// <returns>The file to read it from.</returns>
    public async Task<string> LearnAsync(MemoryStream assembly, int members)
    {
        string map = Path.Combine(_folders[0], "reach"), learned = Path.Combine(_folders[0], "learned");
        await File.WriteAllBytesAsync(map, new byte[Math.Max(members, 1)]);
        if (OperatingSystem.IsLinux())
            File.SetUnixFileMode(map, (UnixFileMode)0b110_110_110); // the laboratory's programs are those of another user
        foreach (string folder in _folders)
            await File.WriteAllTextAsync(Path.Combine(folder, ReachMap.Pointer), map);
        await PutAsync(assembly);
        int code = await RunAsync(TestHost.Learn, learned, TimeSpan.FromMinutes(30));
        foreach (string folder in _folders)
            File.Delete(Path.Combine(folder, ReachMap.Pointer));
        return code == 0 ? learned : throw new InvalidOperationException($"{_tests.Folder} does not run.");
    }

    /// <summary>Whether a test of the groups notices what was changed.</summary>
    public async Task<bool> IsKilledAsync(MemoryStream assembly, IReadOnlyList<TestReach[]> groups)
    {
        string plan = Path.Combine(_folders[0], "plan");
        double all = groups.Sum(group => group.Sum(test => test.Seconds));
        await File.WriteAllTextAsync(plan, string.Join('\n', groups.Select(group => string.Concat(group.Select(test =>
            string.Create(CultureInfo.InvariantCulture, $"{LeastLimitSeconds + HangFactor * test.Seconds}\t{test.Name}\n"))))));
        await PutAsync(assembly);
        if (!_tests.IsReal)
            return await IsRedAsync();
        await Turn.WaitAsync();
        try
        {
            return await IsRedAsync() && await IsRedAsync(); // a busy machine makes such a test red now and then
        }
        finally
        {
            Turn.Release();
        }

        async Task<bool> IsRedAsync() => await RunAsync(TestHost.Plan, plan, TimeSpan.FromSeconds(60 + HangFactor * all)) != 0;
    }

    async Task PutAsync(MemoryStream assembly)
    {
        foreach (string folder in _folders)
            await File.WriteAllBytesAsync(Path.Combine(folder, _assembly), assembly.ToArray());
    }

    async Task<int> RunAsync(string verb, string file, TimeSpan limit)
    {
        string tests = Path.Combine(_folders[0], Path.GetFileNameWithoutExtension(_tests.Assembly));
        ProcessStartInfo start = new("dotnet", ["exec", "--depsfile", $"{tests}.deps.json", "--runtimeconfig", $"{tests}.runtimeconfig.json",
            Path.Combine(_folders[0], Path.GetFileName(typeof(TestHost).Assembly.Location)), TestHost.Verb, _tests.Assembly, verb, file, .. _tests.Only])
        {
            WorkingDirectory = _folders[0],
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
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
