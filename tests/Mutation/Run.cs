using System.Diagnostics;
using TeredoSdk.Repetition;

namespace TeredoSdk.Mutation;

/// <summary>Tries a sample of the mutants of a project.</summary>
sealed class Run(int sample, int seed, IReadOnlyList<string> files, TextWriter output, TextWriter progress)
{
    static readonly TimeSpan LeastLimit = TimeSpan.FromMinutes(2);

    public void List(Target target)
    {
        foreach (var mutant in Shuffled(Repository.Root, target).Take(sample))
            output.WriteLine(mutant);
    }

    /// <summary>Copies the last commit, and tries one mutant after the other there.</summary>
    public async Task<Score> RunAsync(Target target)
    {
        string copy = Directory.CreateTempSubdirectory("mutation").FullName;
        try
        {
            if (await Repository.RunAsync("git", ["clone", "--quiet", "--local", Repository.Root, copy], TextWriter.Null) != 0)
                throw new InvalidOperationException("The checkout can't be copied.");
            var bench = new Bench(target, copy);
            var limit = await bench.PrepareAsync() * 3;
            return await TryAllAsync(target, copy, bench, limit > LeastLimit ? limit : LeastLimit);
        }
        finally
        {
            Directory.Delete(copy, recursive: true);
        }
    }

    async Task<Score> TryAllAsync(Target target, string copy, Bench bench, TimeSpan limit)
    {
        var mutants = Shuffled(copy, target);
        int tried = 0, killed = 0;
        foreach (var mutant in mutants)
        {
            if (tried == sample)
                break;
            string path = Path.Combine(copy, mutant.File), original = await File.ReadAllTextAsync(path);
            await File.WriteAllTextAsync(path, mutant.ApplyTo(original));
            bool? isKilled = await bench.IsKilledAsync(limit);
            await File.WriteAllTextAsync(path, original);
            if (isKilled is null)
                continue; // does not compile
            tried++;
            killed += isKilled.Value ? 1 : 0;
            if (!isKilled.Value)
                output.WriteLine($"survives: {mutant}");
            progress.Write($"\r{target.Name}: {tried} tried, {killed} killed ");
        }
        progress.WriteLine();
        return new(mutants.Length, tried, killed);
    }

    Mutant[] Shuffled(string root, Target target)
    {
        string folder = Path.Combine(root, target.Source);
        string[] separate = [$"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", $"{Path.DirectorySeparatorChar}bin{Path.DirectorySeparatorChar}"];
        Mutant[] all = [.. Directory.EnumerateFiles(folder, "*.cs", SearchOption.AllDirectories)
            .Where(file => !separate.Any(file.Contains) && (files.Count == 0 || files.Any(file[folder.Length..].Contains)))
            .Order(StringComparer.Ordinal)
            .SelectMany(file => MutantFinder.Find(Path.GetRelativePath(root, file), File.ReadAllText(file)))];
        new Random(seed).Shuffle(all);
        return all;
    }
}

/// <summary>Builds a changed project, and runs its tests.</summary>
sealed class Bench(Target target, string copy)
{
    string BuiltTests => Path.Combine(copy, target.Tests, "bin", "Loop", "net10.0");

    /// <summary>Builds everything, and runs the tests once. They must be green.</summary>
    /// <returns>How long the tests took.</returns>
    public async Task<TimeSpan> PrepareAsync()
    {
        if (await RunAsync(["build", target.Tests, "-p:Loop=true", "-v:q", "-nologo"]) != 0)
            throw new InvalidOperationException($"{target.Tests} does not build.");
        var clock = Stopwatch.StartNew();
        if (await TestAsync(TimeSpan.FromHours(1)) is not 0)
            throw new InvalidOperationException($"{target.Tests} is red without a change.");
        return clock.Elapsed;
    }

    /// <summary>Whether a test notices what was changed; null when it does not compile.</summary>
    public async Task<bool?> IsKilledAsync(TimeSpan limit)
    {
        if (await RunAsync(["build", target.Source, "-p:Loop=true", "--no-restore", "--no-dependencies", "-v:q", "-nologo", "-p:TreatWarningsAsErrors=false"]) != 0)
            return null;
        string built = Path.Combine(copy, target.Source, "bin", "Loop", "net10.0", target.Assembly);
        File.Copy(built, Path.Combine(BuiltTests, target.Assembly), overwrite: true);
        return await TestAsync(limit) is not 0; // a time that is over: it hangs
    }

    // Null: it did not end in time.
    async Task<int?> TestAsync(TimeSpan limit)
    {
        string[] arguments = ["vstest", Path.Combine(BuiltTests, target.TestAssembly), "--TestCaseFilter:Category!=Slow", "--", "NUnit.StopOnError=true"];
        var start = new ProcessStartInfo("dotnet", arguments) { WorkingDirectory = copy, RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        var reading = Task.WhenAll(process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        using var late = new CancellationTokenSource(limit);
        try
        {
            await process.WaitForExitAsync(late.Token);
            return process.ExitCode;
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            return null;
        }
        finally
        {
            await reading;
        }
    }

    async Task<int> RunAsync(string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", arguments) { WorkingDirectory = copy, RedirectStandardOutput = true };
        using var process = Process.Start(start)!;
        await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode;
    }
}
