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

    /// <summary>Copies the last commit, and prints the members that no test reaches.</summary>
    public Task ListUnreachedAsync(Target target) => WithCopyAsync(async copy =>
    {
        var (_, members, assembly) = await PrepareAsync(target, copy);
        HashSet<int> reached = [];
        foreach (var tests in target.Tests)
            reached.UnionWith((await PrepareStageAsync(target, copy, tests, members, assembly)).Choice.Reached);
        var mutants = All(copy, target).Where(mutant => !Equal.Contains(mutant)).ToLookup(mutant => mutant.File);
        foreach (var member in members.Where((_, i) => !reached.Contains(i)))
        {
            int count = mutants[member.File].Count(mutant => member.Span.Contains(mutant.Span));
            if (count > 0)
                output.WriteLine($"no test comes here: {member.File}:{member.Line}, mutants: {count}");
        }
        return true;
    });

    /// <summary>Copies the last commit, and tries mutants there: all of the sample on the first tests, what these leave alive on the next ones.</summary>
    public Task<Score> RunAsync(Target target) => WithCopyAsync(copy => TryAllAsync(target, copy));

    async Task<T> WithCopyAsync<T>(Func<string, Task<T>> action)
    {
        string copy = kept ?? Directory.CreateTempSubdirectory("mutation").FullName;
        if (kept is null && OperatingSystem.IsLinux())
            File.SetUnixFileMode(copy, (UnixFileMode)0b111_101_101); // the laboratory's programs are those of another user
        try
        {
            if (!Directory.Exists(Path.Combine(copy, ".git")))
                await GitAsync("clone", "--quiet", "--local", Repository.Root, copy);
            await GitAsync("-C", copy, "fetch", "--quiet", "origin", "HEAD");
            await GitAsync("-C", copy, "reset", "--quiet", "--hard", "FETCH_HEAD");
            return await action(copy);
        }
        finally
        {
            if (kept is null)
                Directory.Delete(copy, recursive: true);
        }
    }

    // A stage is a project of tests that learned which tests reach what. Each place to try mutants at has a bench of its own.
    sealed record Stage(TestChoice Choice, Bench[] Benches);

    static async Task<(Compiler Compiler, List<Member> Members, MemoryStream Assembly)> PrepareAsync(Target target, string copy)
    {
        await BuildAsync(copy, target.Tests[0].Folder);
        var compiler = await Compiler.CreateAsync(copy, target);
        MemoryStream assembly = new();
        return (compiler, compiler.EmitWithReach(target.Source, assembly), assembly);
    }

    // Built and learned when its turn comes: most mutants are noticed before.
    async Task<Stage> PrepareStageAsync(Target target, string copy, TestProject tests, List<Member> members, MemoryStream assembly)
    {
        foreach (string project in tests.Folder == target.Tests[0].Folder ? [] : tests.Programs.Append(tests.Folder)) // the first one was built with the source
            await BuildAsync(copy, project);
        Bench[] benches = [.. Enumerable.Range(1, jobs).Select(number => Bench.Create(tests, target.Assembly, copy, number))];
        progress.Write($"\r{target.Name}: learns what {tests.Folder} reaches ");
        TestChoice choice = new(tests, members, TestReach.Read(await LearnAsync(target, copy, benches[0], assembly, members.Count)));
        foreach (string red in choice.Red)
            output.WriteLine($"red without a change, left out: {red}");
        return new(choice, benches);
    }

    static async Task BuildAsync(string copy, string project)
    {
        StringWriter built = new();
        if (await Repository.RunAsync("dotnet", ["build", Path.Combine(copy, project), "-p:Loop=true", "-v:q", "-nologo"], built) != 0)
            throw new InvalidOperationException($"{project} does not build: {built}");
    }

    // A kept copy keeps what was learned as long as neither the source nor the tests, their programs and their choice change.
    static async Task<string> LearnAsync(Target target, string copy, Bench bench, MemoryStream assembly, int members)
    {
        StringWriter trees = new();
        List<string> paths = [target.Source, bench.Tests.Folder, .. bench.Tests.Programs];
        if (bench.Tests.Only is not ([] or [TestHost.Slow]))
            paths.Add("tests/Mutation/Target.cs");
        await Repository.RunAsync("git", ["-C", copy, "rev-parse", .. paths.Select(path => $"HEAD:{path}")], trees);
        string name = string.Join('-', trees.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(hash => hash[..10]));
        string learned = Path.Combine(copy, ".git", $"learned-{target.Name}-{name}{(bench.Tests.Only is [TestHost.Slow] ? TestHost.Slow : "")}");
        if (!File.Exists(learned))
            File.Move(await bench.LearnAsync(assembly, members), learned);
        return learned;
    }

    static async Task GitAsync(params string[] arguments)
    {
        if (await Repository.RunAsync("git", arguments, TextWriter.Null) != 0)
            throw new InvalidOperationException($"This did not work: git {string.Join(' ', arguments)}");
    }

    async Task<Score> TryAllAsync(Target target, string copy)
    {
        var all = Shuffled(copy, target);
        if (files.Count == 0 && seed is not null)
        {
            foreach (string entry in Equal.Stale(target, all))
                output.WriteLine($"equal.tsv names no mutant: {entry}");
        }
        var (compiler, members, reaching) = await PrepareAsync(target, copy);
        Queue<Mutant> waiting = new(all.Where(mutant => !Equal.Contains(mutant)));
        int equal = all.Length - waiting.Count, tried = 0, killed = 0;
        List<Mutant> alive = [];
        HashSet<Mutant> reached = [];
        for (int i = 0; i < target.Tests.Count && (i == 0 || alive.Count > 0) && !IsLate; i++)
        {
            var stage = await PrepareStageAsync(target, copy, target.Tests[i], members, reaching);
            if (i > 0)
                (waiting, alive) = (new(alive), []);
            int running = 0;
            bool isFirst = i == 0;
            await Task.WhenAll(stage.Benches.Select(bench => Task.Run(() => WorkAsync(stage.Choice, bench))));
            alive.AddRange(isFirst ? [] : waiting); // no time was left for them
            progress.WriteLine();

            async Task WorkAsync(TestChoice choice, Bench bench)
            {
                while (Next() is { } mutant)
                {
                    MemoryStream assembly = new();
                    if (!compiler.TryEmit(mutant.File, mutant.ApplyTo(await File.ReadAllTextAsync(Path.Combine(copy, mutant.File))), assembly))
                    {
                        Count(mutant, null, false); // no mutant
                        continue;
                    }
                    var groups = choice.For(mutant);
                    Count(mutant, groups.Count > 0 && await bench.IsKilledAsync(assembly, groups), groups.Count > 0);
                }
            }

            Mutant? Next()
            {
                lock (members)
                {
                    if ((isFirst && tried + running >= sample) || IsLate || !waiting.TryDequeue(out var mutant))
                        return null;
                    running++;
                    return mutant;
                }
            }

            void Count(Mutant mutant, bool? isKilled, bool isReached)
            {
                lock (members)
                {
                    running--;
                    if (isKilled is not { } known)
                        return;
                    tried += isFirst ? 1 : 0;
                    killed += known ? 1 : 0;
                    if (!known)
                    {
                        alive.Add(mutant);
                        progress.WriteLine($"\rafter {target.Tests[i].Folder} alive: {mutant}");
                    }
                    if (isReached)
                        reached.Add(mutant);
                    progress.Write($"\r{target.Name}, {target.Tests[i].Folder}: {tried} tried, {killed} killed ");
                }
            }
        }
        foreach (var mutant in alive)
            output.WriteLine($"survives: {mutant}{(reached.Contains(mutant) ? "" : " (no test comes here)")}");
        return new(all.Length, equal, tried, killed);
    }

    bool IsLate => _clock.Elapsed.TotalMinutes >= minutes;

    Mutant[] Shuffled(string root, Target target)
    {
        if (seed is not { } number)
            return [.. HandMade.Of(root, target).Where(mutant => IsWanted(mutant.File))];
        Mutant[] all = All(root, target);
        new Random(number).Shuffle(all);
        return all;
    }

    Mutant[] All(string root, Target target) => [.. Directory.EnumerateFiles(Path.Combine(root, target.Source), "*.cs", SearchOption.AllDirectories)
        .Where(file => IsLookedAt(target, root, file))
        .Order(StringComparer.Ordinal)
        .SelectMany(file => MutantFinder.Find(Path.GetRelativePath(root, file), File.ReadAllText(file)))];

    bool IsLookedAt(Target target, string root, string file)
    {
        string path = Path.GetRelativePath(Path.Combine(root, target.Source), file);
        return path.Split(Path.DirectorySeparatorChar)[0] is not ("obj" or "bin") && IsWanted('/' + path) && target.Has(path);
    }

    bool IsWanted(string file) => files.Count == 0 || files.Any(file.Contains);
}
