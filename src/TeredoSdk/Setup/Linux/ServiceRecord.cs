using System.Text.Json;
using System.Text.Json.Serialization;

namespace TeredoSdk.Setup.Linux;

/// <summary>What setups of a service changed.</summary>
/// <param name="Version">The version of the record's format.</param>
/// <param name="Service">The service's name, as its unit has it.</param>
/// <param name="Settings">The changed settings, in the order of the changes.</param>
/// <param name="Machine">The machine that the record is of (<see cref="LinuxMachine.Identity"/>); null in older records, and where it is not known.</param>
sealed record ServiceRecord(int Version, string Service, IReadOnlyList<SettingRecord> Settings, string? Machine = null)
{
    public const int CurrentVersion = 1;

    public SettingRecord? Find(Setting setting) => Settings.FirstOrDefault(setting.IsFor);

    /// <summary>Returns the record with a change that is about to be made. The value before the first change stays.</summary>
    public ServiceRecord With(Setting setting, string? before, string? made)
    {
        var known = Find(setting) ?? new(setting.Kind, setting.Subject, before, []);
        if (made is not null && !known.Made.Contains(made))
            known = known with { Made = [.. known.Made, made] };
        return this with { Settings = [.. Without(setting).Settings, known] };
    }

    public ServiceRecord Without(Setting setting) => this with { Settings = [.. Settings.Where(other => !setting.IsFor(other))] };
}

/// <summary>The changes of a setting.</summary>
/// <param name="Kind">The kind.</param>
/// <param name="Subject">Which one.</param>
/// <param name="Before">The value before the first change.</param>
/// <param name="Made">The values that setups made, the last at the end.</param>
sealed record SettingRecord(string Kind, string Subject, string? Before, IReadOnlyList<string> Made);

/// <summary>Writes the record as a JSON file, and checks it when it is read.</summary>
[JsonSourceGenerationOptions(GenerationMode = JsonSourceGenerationMode.Metadata, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true,
    RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(ServiceRecord))]
sealed partial class ServiceRecordJson : JsonSerializerContext;

/// <summary>The file with the record of a service.</summary>
/// <param name="machine">The machine.</param>
/// <param name="names">The service's names.</param>
sealed class ServiceRecordFile(LinuxMachine machine, ServiceNames names)
{
    const string Folder = "/var/lib/teredosdk";

    string FilePath => $"{Folder}/{names.Unit}.json";

    public ServiceRecord Empty => new(ServiceRecord.CurrentVersion, names.Base, []);

    /// <exception cref="TeredoException">The file is there, but can't be read.</exception>
    public string? ReadText()
    {
        try
        {
            return machine.ReadFile(FilePath);
        }
        catch (Exception e) when (e is UnauthorizedAccessException or (IOException and not TeredoException))
        {
            throw new TeredoException(TeredoError.AccessDenied, $"The record of the setup, {FilePath}, can't be read ({e.Message}). Run this as root.", e);
        }
    }

    /// <summary>The record in a text, or null when there is none that can be used.</summary>
    /// <param name="text">The file's text, or null.</param>
    /// <param name="problem">Why the text can't be used, or null.</param>
    /// <exception cref="TeredoException">A newer version wrote it, which can still use it.</exception>
    public ServiceRecord? Parse(string? text, out Finding? problem)
    {
        problem = null;
        if (text is null)
            return null;
        try
        {
            using var json = JsonDocument.Parse(text);
            if (IsOfANewerVersion(json.RootElement))
                throw new TeredoException(TeredoError.SetupFailed, $"The record of the setup, {FilePath}, is of a newer version of the SDK. Nothing was changed: "
                    + "use that version, or a later one.");
            var record = json.Deserialize(ServiceRecordJson.Default.ServiceRecord);
            if (record is not { Version: ServiceRecord.CurrentVersion } || record.Service != names.Base)
                throw new FormatException("It is not what this version of the SDK writes for this service");
            foreach (SettingRecord? setting in record.Settings) // the reader of the file does not check the elements of lists
            {
                if (setting is null || setting.Made.Any(made => made is null))
                    throw new FormatException("A list in it has an empty element");
                names.ToSetting(machine, setting.Kind, setting.Subject);
            }
            if (record.Machine is null || machine.Identity is not { } identity || record.Machine == identity)
                return record;
            problem = ServiceFindings.RecordOfOtherMachine(names, FilePath);
        }
        catch (Exception e) when (e is JsonException or FormatException)
        {
            problem = ServiceFindings.RecordDamaged(names, FilePath, e.Message);
        }
        return null;
    }

    // Only the version is read of it: all else may have another form.
    static bool IsOfANewerVersion(JsonElement json) => json.ValueKind == JsonValueKind.Object && json.TryGetProperty("version", out var version)
        && version.ValueKind == JsonValueKind.Number && version.TryGetInt64(out long number) && number > ServiceRecord.CurrentVersion;

    /// <summary>Writes the record, or deletes it when it has nothing to take back.</summary>
    /// <exception cref="TeredoException">It can't be written.</exception>
    public void Write(ServiceRecord record)
    {
        try
        {
            if (record.Settings.Count > 0)
                machine.WriteFile(FilePath, JsonSerializer.Serialize(record with { Machine = machine.Identity ?? record.Machine }, ServiceRecordJson.Default.ServiceRecord));
            else if (Directory.Exists(machine.At(Folder)))
                machine.WriteFile(FilePath, null);
        }
        catch (Exception e) when (e is UnauthorizedAccessException or (IOException and not TeredoException))
        {
            throw new TeredoException(TeredoError.SetupFailed, $"The record of the setup, {FilePath}, can't be written ({e.Message}). Nothing is changed "
                + "without a record. Make the folder writable, and try again.", e);
        }
    }

    /// <summary>Renames a record that can't be used, so that a person can look at it.</summary>
    public void SetAside() => File.Move(machine.At(FilePath), machine.At(FilePath) + ".unused", overwrite: true);

    /// <summary>Keeps other setups from running until the result is disposed.</summary>
    /// <exception cref="TeredoException">Another setup is running, or the folder can't be written to.</exception>
    public IDisposable Lock()
    {
        string path = $"{Folder}/{names.Unit}.lock";
        try
        {
            Directory.CreateDirectory(machine.At(Folder));
            return new FolderLock(machine.At(Folder), machine.At(path));
        }
        catch (UnauthorizedAccessException e)
        {
            throw new TeredoException(TeredoError.AccessDenied, $"{path} can't be written ({e.Message}). Run this as root.", e);
        }
        catch (IOException e) when (e is not TeredoException)
        {
            throw new TeredoException(TeredoError.SetupFailed, $"Another setup of {names.Base} holds {path} ({e.Message}). Try again when it has ended.", e);
        }
    }
}
