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
        var prepared = await PrepareAsync(target, copy);
        var reached = prepared.Choices.SelectMany(choice => choice.Reached).ToHashSet();
        var mutants = All(copy, target).Where(mutant => !Equal.Contains(mutant)).ToLookup(mutant => mutant.File);
        foreach (var member in prepared.Members.Where((_, i) => !reached.Contains(i)))
        {
            int count = mutants[member.File].Count(mutant => member.Span.Contains(mutant.Span));
            if (count > 0)
                output.WriteLine($"no test comes here: {member.File}:{member.Line}, mutants: {count}");
        }
        return true;
    });

    /// <summary>Copies the last commit, and tries one mutant after the other there.</summary>
    public Task<Score> RunAsync(Target target) => WithCopyAsync(async copy =>
    {
        var prepared = await PrepareAsync(target, copy);
        foreach (string red in prepared.Choices.SelectMany(choice => choice.Red))
            output.WriteLine($"red without a change, left out: {red}");
        return await TryAllAsync(target, copy, prepared);
    });

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

    // The places to try mutants at have a bench for each project of tests.
    sealed record Prepared(Compiler Compiler, List<Member> Members, TestChoice[] Choices, Bench[][] Places);

    async Task<Prepared> PrepareAsync(Target target, string copy)
    {
        foreach (var tests in target.Tests)
        {
            foreach (string program in tests.Programs)
                await BuildAsync(copy, program);
            await BuildAsync(copy, tests.Folder);
        }
        var compiler = await Compiler.CreateAsync(copy, target);
        Bench[][] places = [.. Enumerable.Range(1, jobs).Select(number => target.Tests.Select(tests => Bench.Create(tests, target.Assembly, copy, number)).ToArray())];
        MemoryStream assembly = new();
        var members = compiler.EmitWithReach(target.Source, assembly);
        List<TestChoice> choices = [];
        foreach (var bench in places[0])
        {
            progress.Write($"\r{target.Name}: learns what {bench.Tests.Folder} reaches ");
            choices.Add(new(bench.Tests, members, TestReach.Read(await LearnAsync(target, copy, bench, assembly, members.Count))));
        }
        return new(compiler, members, [.. choices], places);
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

    async Task<Score> TryAllAsync(Target target, string copy, Prepared prepared)
    {
        var all = Shuffled(copy, target);
        if (files.Count == 0 && seed is not null)
        {
            foreach (string entry in Equal.Stale(target, all))
                output.WriteLine($"equal.tsv names no mutant: {entry}");
        }
        Queue<Mutant> waiting = new(all.Where(mutant => !Equal.Contains(mutant)));
        int equal = all.Length - waiting.Count, tried = 0, killed = 0, running = 0;
        await Task.WhenAll(prepared.Places.Select(place => Task.Run(() => WorkAsync(place))));
        progress.WriteLine();
        return new(all.Length, equal, tried, killed);

        async Task WorkAsync(Bench[] place)
        {
            while (Next() is { } mutant)
            {
                MemoryStream assembly = new();
                if (!prepared.Compiler.TryEmit(mutant.File, mutant.ApplyTo(await File.ReadAllTextAsync(Path.Combine(copy, mutant.File))), assembly))
                {
                    Count(null); // no mutant
                    continue;
                }
                bool isKilled = false, isReached = false;
                for (int i = 0; i < place.Length && !isKilled; i++)
                {
                    var groups = prepared.Choices[i].For(mutant);
                    isReached |= groups.Count > 0;
                    isKilled = groups.Count > 0 && await place[i].IsKilledAsync(assembly, groups);
                }
                if (!isKilled)
                    output.WriteLine($"survives: {mutant}{(isReached ? "" : " (no test comes here)")}");
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
