using System.Text.RegularExpressions;

namespace TeredoSdk.Platform.Tests.Network;

/// <summary>Finds and removes what a lab is made of: processes, namespaces, files. Also those of a run that was killed.</summary>
static partial class Leftovers
{
    public const string Prefix = "tsdk";
    static readonly Lazy<Task> Swept = new(SweepAsync);

    /// <summary>Removes the labs of processes that are no more; once in a run.</summary>
    public static Task SweepOnceAsync() => Swept.Value;

    /// <summary>The namespaces of a lab.</summary>
    public static IEnumerable<string> NamespacesOf(string lab) => Directory.Exists(NetworkNamespace.Folder)
        ? Directory.EnumerateFiles(NetworkNamespace.Folder, $"{lab}-*").Select(path => Path.GetFileName(path))
        : [];

    /// <summary>The processes in a lab's namespaces or with its mark.</summary>
    public static IReadOnlyList<int> ProcessesOf(string lab)
    {
        var identities = NamespacesOf(lab).Select(name => new NetworkNamespace(name).Identity).ToHashSet();
        string mark = $"{Launcher.LabVariable}={lab}\0";
        return [.. AllProcesses().Where(id => id != Environment.ProcessId
            && (identities.Contains(NamespaceOf(id)) || EnvironmentOf(id).Contains(mark, StringComparison.Ordinal)))];
    }

    /// <summary>Ends a lab's processes by their ids and removes its namespaces and files.</summary>
    public static async Task RemoveAsync(string lab)
    {
        bool ended = SpinWait.SpinUntil(() =>
        {
            var processes = ProcessesOf(lab);
            foreach (int process in processes)
                _ = Native.Kill(process, (int)Signal.Kill);
            return processes.Count == 0;
        }, Patience.Limit);
        if (!ended)
            throw new InvalidOperationException($"Processes of {lab} do not end: {string.Join(' ', ProcessesOf(lab))}");
        var namespaces = NamespacesOf(lab).ToList();
        if (namespaces.Count > 0)
            await Shell.RunAsync($"ip -b - <<'BATCH'\n{string.Join('\n', namespaces.Select(name => $"netns del {name}"))}\nBATCH\n");
        string scratch = Path.Combine(Path.GetTempPath(), lab);
        if (Directory.Exists(scratch))
            Directory.Delete(scratch, recursive: true);
    }

    /// <summary>Removes the labs of processes that are no more.</summary>
    public static async Task SweepAsync()
    {
        var traces = Directory.EnumerateFileSystemEntries(Path.GetTempPath(), $"{Prefix}*")
            .Concat(Directory.Exists(NetworkNamespace.Folder) ? Directory.EnumerateFiles(NetworkNamespace.Folder, $"{Prefix}*") : [])
            .Select(path => LabName().Match(Path.GetFileName(path))).Where(match => match.Success);
        foreach (string lab in traces.Where(match => !Directory.Exists($"/proc/{match.Groups[1].Value}")).Select(match => match.Value).ToHashSet())
            await RemoveAsync(lab);
    }

    static IEnumerable<int> AllProcesses() => Directory.EnumerateDirectories("/proc")
        .Select(path => int.TryParse(Path.GetFileName(path), out int id) ? id : 0).Where(id => id != 0);

    // A process may end while it is looked at.
    static string NamespaceOf(int process)
    {
        try
        {
            return File.ResolveLinkTarget($"/proc/{process}/ns/net", returnFinalTarget: false)?.Name ?? "";
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    static string EnvironmentOf(int process)
    {
        try
        {
            return File.ReadAllText($"/proc/{process}/environ");
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    [GeneratedRegex($"^{Prefix}([0-9]+)(x[0-9]+|-programs)(?=$|-)")]
    private static partial Regex LabName();
}
