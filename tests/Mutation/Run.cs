using System.Diagnostics;
using TeredoSdk.Repetition;

namespace TeredoSdk.Mutation;

/// <summary>Tries a sample of the mutants of a project.</summary>
// The seed is null for the mutants of handmade.tsv, and the kept folder is null for a temporary one.
sealed class Run(int sample, int? seed, int jobs, int minutes, string? kept, IReadOnlyList<string> files, TextWriter output, TextWriter progress)
{
    readonly Stopwatch _clock = Stopwatch.StartNew();

    public void List(Target target)
    {
        foreach (var mutant in Shuffled(Repository.Root, target).Where(mutant => !Equal.Contains(mutant)).Take(sample))
            output.WriteLine(mutant);
    }

    /// <summary>Copies the last commit, and tries one mutant after the other there.</summary>
    public async Task<Score> RunAsync(Target target)
    {
        string copy = kept ?? Directory.CreateTempSubdirectory("mutation").FullName;
        try
        {
            if (!Directory.Exists(Path.Combine(copy, ".git")))
                await GitAsync("clone", "--quiet", "--local", Repository.Root, copy);
            await GitAsync("-C", copy, "fetch", "--quiet", "origin", "HEAD");
            await GitAsync("-C", copy, "reset", "--quiet", "--hard", "FETCH_HEAD");
            StringWriter built = new();
            if (await Repository.RunAsync("dotnet", ["build", Path.Combine(copy, target.Tests), "-p:Loop=true", "-v:q", "-nologo"], built) != 0)
                throw new InvalidOperationException($"{target.Tests} does not build: {built}");
            var compiler = await Compiler.CreateAsync(copy, target);
            Bench[] benches = [.. Enumerable.Range(1, jobs).Select(number => Bench.Create(target, copy, number))];
            MemoryStream assembly = new();
            var members = compiler.EmitWithReach(target.Source, assembly);
            TestChoice choice = new(members, TestReach.Read(await LearnAsync(target, copy, benches[0], assembly, members.Count)));
            foreach (string red in choice.Red)
                output.WriteLine($"red without a change, left out: {red}");
            foreach (var member in choice.Unreached)
                output.WriteLine($"no test comes here: {member.File}:{member.Line}");
            return await TryAllAsync(target, copy, compiler, choice, benches);
        }
        finally
        {
            if (kept is null)
                Directory.Delete(copy, recursive: true);
        }
    }

    // A kept copy keeps what was learned of a commit.
    static async Task<string> LearnAsync(Target target, string copy, Bench bench, MemoryStream assembly, int members)
    {
        StringWriter commit = new();
        await Repository.RunAsync("git", ["-C", copy, "rev-parse", "HEAD"], commit);
        string learned = Path.Combine(copy, ".git", $"learned-{target.Name}-{commit.ToString().Trim()}");
        if (!File.Exists(learned))
            File.Move(await bench.LearnAsync(assembly, members), learned);
        return learned;
    }

    static async Task GitAsync(params string[] arguments)
    {
        if (await Repository.RunAsync("git", arguments, TextWriter.Null) != 0)
            throw new InvalidOperationException($"This did not work: git {string.Join(' ', arguments)}");
    }

    async Task<Score> TryAllAsync(Target target, string copy, Compiler compiler, TestChoice choice, Bench[] benches)
    {
        var all = Shuffled(copy, target);
        if (files.Count == 0 && seed is not null)
        {
            foreach (string entry in Equal.Stale(target, all))
                output.WriteLine($"equal.tsv names no mutant: {entry}");
        }
        Queue<Mutant> waiting = new(all.Where(mutant => !Equal.Contains(mutant)));
        int equal = all.Length - waiting.Count, tried = 0, killed = 0, running = 0;
        await Task.WhenAll(benches.Select(bench => Task.Run(() => WorkAsync(bench))));
        progress.WriteLine();
        return new(all.Length, equal, tried, killed);

        async Task WorkAsync(Bench bench)
        {
            while (Next() is { } mutant)
            {
                MemoryStream assembly = new();
                if (!compiler.TryEmit(mutant.File, mutant.ApplyTo(await File.ReadAllTextAsync(Path.Combine(copy, mutant.File))), assembly))
                {
                    Count(null); // no mutant
                    continue;
                }
                var groups = choice.For(mutant);
                bool isKilled = groups.Count > 0 && await bench.IsKilledAsync(assembly, groups);
                if (!isKilled)
                    output.WriteLine($"survives: {mutant}{(groups.Count == 0 ? " (no test comes here)" : "")}");
                Count(isKilled);
            }
        }

        Mutant? Next()
        {
            lock (waiting)
            {
                if (tried + running >= sample || _clock.Elapsed.TotalMinutes >= minutes || !waiting.TryDequeue(out var mutant))
                    return null;
                running++;
                return mutant;
            }
        }

        void Count(bool? isKilled)
        {
            lock (waiting)
            {
                running--;
                if (isKilled is not { } known)
                    return;
                tried++;
                killed += known ? 1 : 0;
                progress.Write($"\r{target.Name}: {tried} tried, {killed} killed ");
            }
        }
    }

    Mutant[] Shuffled(string root, Target target)
    {
        if (seed is not { } number)
            return [.. HandMade.Of(root, target).Where(mutant => IsWanted(mutant.File))];
        string folder = Path.Combine(root, target.Source);
        string[] separate = [$"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", $"{Path.DirectorySeparatorChar}bin{Path.DirectorySeparatorChar}"];
        Mutant[] all = [.. Directory.EnumerateFiles(folder, "*.cs", SearchOption.AllDirectories)
            .Where(file => !separate.Any(file.Contains) && IsWanted(file[folder.Length..]) && target.Has(Path.GetRelativePath(folder, file)))
            .Order(StringComparer.Ordinal)
            .SelectMany(file => MutantFinder.Find(Path.GetRelativePath(root, file), File.ReadAllText(file)))];
        new Random(number).Shuffle(all);
        return all;
    }

    bool IsWanted(string file) => files.Count == 0 || files.Any(file.Contains);
}
