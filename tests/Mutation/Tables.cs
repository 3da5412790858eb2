using TeredoSdk.Repetition;

namespace TeredoSdk.Mutation;

/// <summary>Mutants that no test can notice, each with the sentence that proves it: equal.tsv.</summary>
static class Equal
{
    sealed record Entry(string File, string Code, string Before, string After);

    static readonly Entry[] Entries = [.. TableFile.Read("equal.tsv").Select(part => new Entry(part[0], part[1], part[2], part[3]))];

    /// <summary>Whether the list has it: its file, a part of its line, what stands there and what shall stand there.</summary>
    public static bool Contains(Mutant mutant) => Entries.Any(entry => Names(entry, mutant));

    /// <summary>The entries that name no mutant any more.</summary>
    public static IEnumerable<string> Stale(Target target, IReadOnlyCollection<Mutant> all) => Entries
        .Where(entry => entry.File.StartsWith(target.Source + '/', StringComparison.Ordinal) && target.Has(entry.File[(target.Source.Length + 1)..]) && !all.Any(mutant => Names(entry, mutant)))
        .Select(entry => $"{entry.File}: {entry.Code}: {entry.Before}  ->  {entry.After}");

    static bool Names(Entry entry, Mutant mutant) => entry.File == mutant.File && mutant.Code.Contains(entry.Code, StringComparison.Ordinal)
        && entry.Before == mutant.ShownBefore && entry.After == mutant.ShownAfter;
}

/// <summary>Mutants that a person made: handmade.tsv. Each is a fault that the tests once did not notice.</summary>
static class HandMade
{
    public static IEnumerable<Mutant> Of(string root, Target target)
    {
        foreach (string[] part in TableFile.Read("handmade.tsv").Where(part => part[0].StartsWith(target.Source + '/', StringComparison.Ordinal)))
        {
            string text = File.ReadAllText(Path.Combine(root, part[0])), before = part[1].Replace("\\n", "\n", StringComparison.Ordinal);
            int at = text.IndexOf(before, StringComparison.Ordinal);
            if (at < 0 || text.IndexOf(before, at + 1, StringComparison.Ordinal) >= 0)
                throw new InvalidOperationException($"handmade.tsv: {part[0]} should have this once: {part[1]}");
            yield return new(part[0], new(at, before.Length), text.AsSpan(0, at).Count('\n') + 1, before, part[2].Replace("\\n", "\n", StringComparison.Ordinal), part[3]);
        }
    }
}

/// <summary>A table beside this program: two lines of heading, fields between tabs.</summary>
static class TableFile
{
    public static IEnumerable<string[]> Read(string name)
    {
        string[] lines = File.ReadAllLines(Path.Combine(Repository.Root, "tests", "Mutation", name));
        int fields = lines[1].Split('\t').Length;
        return lines.Skip(2).Select(line => line.Split('\t')).Select(part => part.Length == fields && part[^1].Length > 0 ? part
            : throw new InvalidOperationException($"{name}: {fields} fields, please: {string.Join(' ', part)}"));
    }
}
