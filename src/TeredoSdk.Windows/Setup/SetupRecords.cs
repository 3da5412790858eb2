using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using TeredoSdk.Windows.Doctor;
using TeredoSdk.Windows.Firewall;

namespace TeredoSdk.Windows.Setup;

/// <summary>The folder of the records, with one file for each application.</summary>
/// <param name="chosenFolder">A folder that the caller chose and protects; null for the machine's folder.</param>
/// <param name="windows">The system, which knows what paths lead to; null where there is none.</param>
sealed class SetupRecords(string? chosenFolder, IWindowsSystem? windows = null)
{
    const int Looks = 12;
    static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(250);

    readonly string _folder = chosenFolder ?? (OperatingSystem.IsWindows()
        ? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.CommonApplicationData), "TeredoSdk")
        : "/var/lib/teredosdk");

    /// <summary>This machine, or null when it is not known; see <see cref="MachineIdentity"/>.</summary>
    public string? Machine { get; } = windows is null ? null : MachineIdentity.Of(windows);

    // On Windows, the machine's folder is one where every user may make folders.
    bool IsProtected => OperatingSystem.IsWindows() && chosenFolder is null;

    /// <summary>
    /// A sentence when the folder of the records is not protected from other users; null otherwise. The records in such a folder are not read, and the
    /// first write replaces it.
    /// </summary>
    public Finding? Distrust => !IsProtected || !OperatingSystem.IsWindows() || !Path.Exists(_folder) || RecordProtection.IsTrustedFolder(_folder) ? null
        : SetupFindings.FolderNotTrusted(_folder);

    /// <summary>The record of an application, or null when there is none.</summary>
    /// <exception cref="TeredoException">The record can't be read, or is damaged.</exception>
    public SetupRecord? Read(string name, string program) => ReadFile(PathOf(name, program), record => IsOf(record, name, program));

    /// <summary>
    /// Reads the record for a plan, again for some seconds while another program holds it. One that is damaged, or of another machine, counts as none,
    /// with a warning: applying the plan renames it.
    /// </summary>
    /// <exception cref="TeredoException">The record can't be read.</exception>
    public async Task<(SetupRecord? Record, bool IsSetAside)> ReadAsync(string name, string program, List<Finding> findings,
        TimeProvider time, CancellationToken cancellationToken)
    {
        for (int looks = 1; ; looks++)
        {
            try
            {
                return (Read(name, program), false);
            }
            catch (TeredoException e) when (IsUnusable(e))
            {
                findings.Add(e.Finding);
                return (null, true);
            }
            catch (TeredoException e) when (e.Finding.Id == FindingIds.SetupRecordLocked && looks < Looks)
            {
                await Task.Delay(LookInterval, time, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>The record of an application, or null when there is none. One that can't be used is renamed, for whoever wants to know what is in it.</summary>
    /// <exception cref="TeredoException">The record can't be read, or can't be renamed.</exception>
    public SetupRecord? ReadOrSetAside(string name, string program)
    {
        try
        {
            return Read(name, program);
        }
        catch (TeredoException e) when (IsUnusable(e))
        {
            string why = e.Finding.Id == FindingIds.SetupRecordDamaged ? "damaged" : "other-machine";
            Change(name, program, path => File.Move(path, $"{path}.{why}-{Guid.NewGuid():N}")); // renames a link, not what it leads to
            return null;
        }
    }

    /// <summary>The records of all other applications. A record that can't be used causes a warning.</summary>
    public IReadOnlyList<SetupRecord> ReadOthers(string name, string program, List<Finding> findings)
    {
        List<SetupRecord> others = [];
        string own = PathOf(name, program);
        string[] files = Directory.Exists(_folder) && Distrust is null ? Directory.GetFiles(_folder, "*.json") : [];
        foreach (string path in files.Order(StringComparer.Ordinal).Where(path => !IsSameFile(path, own)))
        {
            try
            {
                if (ReadFile(path, record => IsFileOf(record, path)) is { } other)
                    others.Add(other);
            }
            catch (TeredoException e)
            {
                findings.Add(SetupFindings.OtherNotKnown(IsUnusable(e) ? $"{e.Finding.Problem} Move it away." : e.Message));
            }
        }
        return others;
    }

    SetupRecord? ReadFile(string path, Func<SetupRecord, bool> isRight)
    {
        if (Distrust is not null)
            return null;
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
            if (OperatingSystem.IsWindows() && IsProtected && !RecordProtection.IsTrustedFile(file))
                throw Damaged(path, "it is not protected from other users");
            var json = JsonSerializer.Deserialize(file, SetupJson.ForFiles.JsonElement);
            if (IsOfANewerVersion(json))
                throw new TeredoException(TeredoError.SetupFailed, $"The record of the setup, {path}, was written by a newer version of the SDK. Use that version.");
            var record = json.Deserialize(SetupJson.ForFiles.SetupRecord);
            bool isSound = record is { Version: SetupRecord.CurrentVersion, IsSound: true };
            if (isSound && record!.Machine is { } origin && Machine is not null && origin != Machine)
                throw SetupFindings.RecordOfOtherMachine(path).ToException();
            return isSound && isRight(record!) ? record : throw Damaged(path, "it is not what a setup of this application writes");
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (JsonException e)
        {
            throw Damaged(path, "it is not what a setup writes", e);
        }
        catch (IOException e) when (e is not TeredoException)
        {
            throw SetupFindings.RecordLocked(path, e.Message).ToException(e);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new TeredoException(TeredoError.AccessDenied,
                $"The record of the setup, {path}, can't be read ({e.Message}). Run this as an administrator.", e);
        }
    }

    /// <summary>Writes a record. After a crash the file holds either the former record or the new one.</summary>
    /// <exception cref="TeredoException">The record can't be written.</exception>
    public void Write(SetupRecord record) => Change(record.Name, record.ProgramPath, path =>
    {
        CreateFolder();
        string draft = path + ".new";
        using (var file = OperatingSystem.IsWindows() && IsProtected ? RecordProtection.CreateFile(draft)
            : new FileStream(draft, FileMode.Create, FileAccess.Write, FileShare.None))
        {
            JsonSerializer.Serialize(file, record with { Machine = Machine ?? record.Machine }, SetupJson.ForFiles.SetupRecord);
            file.Flush(flushToDisk: true);
        }
        File.Move(draft, path, overwrite: true);
    });

    /// <summary>Deletes the record of an application, if there is one.</summary>
    /// <exception cref="TeredoException">The record can't be deleted.</exception>
    public void Delete(string name, string program) => Change(name, program, path =>
    {
        if (File.Exists(path))
            File.Delete(path);
    });

    /// <summary>Keeps other setups from running until the result is disposed.</summary>
    /// <exception cref="TeredoException">Another setup is running, or the folder can't be written to.</exception>
    public IDisposable Lock(string name)
    {
        string path = Path.Combine(_folder, "setup.lock");
        try
        {
            CreateFolder();
            return new FolderLock(_folder, path);
        }
        catch (UnauthorizedAccessException e)
        {
            throw NotWritable(path, e);
        }
        catch (IOException e) when (e is not TeredoException)
        {
            throw new TeredoException(TeredoError.SetupFailed,
                $"'{name}' can't be set up now: another setup holds {path} ({e.Message}). Try again when the other setup has ended.", e);
        }
    }

    void CreateFolder()
    {
        if (OperatingSystem.IsWindows() && IsProtected)
            RecordProtection.CreateFolder(_folder);
        else
            Directory.CreateDirectory(_folder);
    }

    void Change(string name, string program, Action<string> change)
    {
        string path = PathOf(name, program);
        try
        {
            change(path);
        }
        catch (Exception e) when (e is IOException and not TeredoException or UnauthorizedAccessException)
        {
            throw NotWritable(path, e);
        }
    }

    // The second program of a name has a file of its own. A file that can't be understood may be the application's own.
    string PathOf(string name, string program)
    {
        string plain = FileOf(name);
        string[] distinct = DistinctFiles(name, program);
        return distinct.FirstOrDefault(Path.Exists) ?? (IsOthers() ? distinct[0] : plain);

        bool IsOthers()
        {
            try
            {
                return ReadFile(plain, record => IsFileOf(record, plain)) is { } record && !IsOf(record, name, program);
            }
            catch (TeredoException e) when (IsUnusable(e))
            {
                return false;
            }
        }
    }

    // The name is readable for people. The digest distinguishes application names that differ only in characters that a file name can't have.
    string FileOf(string name)
    {
        string digest = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(name.ToUpperInvariant())).AsSpan(0, 4));
        string readable = string.Concat(name.Take(40).Select(c => char.IsAsciiLetterOrDigit(c) ? char.ToLowerInvariant(c) : '-'));
        return Path.Combine(_folder, $"{readable}-{digest}.json");
    }

    bool IsFileOf(SetupRecord record, string path) => IsSameFile(path, FileOf(record.Name))
        || DistinctFiles(record.Name, record.ProgramPath).Any(distinct => IsSameFile(path, distinct));

    // By the path that the firewall knows, and by the path as it was given: that is an older record, or one whose program is gone.
    string[] DistinctFiles(string name, string program) =>
        [.. new[] { Final(program), program }.Select(path => FileOf(ApplicationRules.DistinctName(name, path))).Distinct()];

    bool IsOf(SetupRecord record, string name, string program) =>
        record.IsOf(name, program) || (record with { ProgramPath = Final(record.ProgramPath) }).IsOf(name, Final(program));

    string Final(string program) => windows is null ? program : ApplicationRules.PathOf(windows, program);

    // What is in it, or where it is from, tells nothing of this machine.
    static bool IsUnusable(TeredoException e) => e.Finding.Id is FindingIds.SetupRecordDamaged or FindingIds.SetupRecordOfOtherMachine;

    // Only the version is read of it: all else may have another form.
    static bool IsOfANewerVersion(JsonElement json) => json.ValueKind == JsonValueKind.Object && json.TryGetProperty("version", out var version)
        && version.ValueKind == JsonValueKind.Number && version.TryGetInt64(out long number) && number > SetupRecord.CurrentVersion;

    static bool IsSameFile(string one, string other) => Path.GetFileName(one).Equals(Path.GetFileName(other), StringComparison.OrdinalIgnoreCase);

    static TeredoException Damaged(string path, string reason, Exception? inner = null) => SetupFindings.RecordDamaged(path, reason).ToException(inner);

    static TeredoException NotWritable(string path, Exception e) => new(
        e is UnauthorizedAccessException ? TeredoError.AccessDenied : TeredoError.SetupFailed,
        $"The record of the setup, {path}, can't be written ({e.Message}). Nothing is changed without a record. Make the folder writable and try again.", e);
}
