using System.Globalization;
using Microsoft.Extensions.Logging;
using TeredoSdk.Machine;
using TeredoSdk.Protocol;

namespace TeredoSdk.Engine.PortMapping;

/// <summary>
/// Notes of the UPnP mappings that processes of this user hold, one file each. A process that is killed leaves its note behind, and the next one that
/// starts removes the mapping (RFC 6081 §5.3.1, §5.3.3): a permanent one would stay at the gateway for ever.
/// </summary>
/// <param name="directory">Where the notes are. It is made when the first one is written.</param>
/// <param name="log">The log, for failures: without notes, everything else goes on.</param>
/// <remarks>PCP and NAT-PMP need no notes: their mappings end after two hours, and nobody but its owner can remove one of PCP's (RFC 6887 §11.3).</remarks>
sealed class MappingNotes(string directory, ILogger log)
{
    const int MaxTaken = 32; // that one start cleans up
    const string Pattern = "mapping-*.note";

    /// <summary>Notes that this process asks for a mapping.</summary>
    /// <returns>Null when the note can't be written.</returns>
    public MappingNote? Write(UpnpService service, IPv4Endpoint local, ushort port)
    {
        var note = new MappingNote(NewPath(), ProcessMark.Current, service, local, port, log);
        return note.Save() ? note : null;
    }

    /// <summary>Takes the notes of processes that are dead. Each note is taken by one caller, who removes it in the end.</summary>
    public IReadOnlyList<MappingNote> TakeDead()
    {
        List<MappingNote> taken = [];
        try
        {
            if (!Directory.Exists(directory))
                return taken;
            foreach (string path in Directory.EnumerateFiles(directory, Pattern).Order(StringComparer.Ordinal))
                if (taken.Count < MaxTaken && MappingNote.Read(path, log) is { } note && !note.Process.IsAlive() && Take(note) is { } mine)
                    taken.Add(mine);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            MappingLog.NotesUnusable(log, directory, e.Message);
        }
        return taken;
    }

    // Of two processes that start at once, one can rename the file.
    MappingNote? Take(MappingNote note)
    {
        var mine = note with { Path = NewPath(), Process = ProcessMark.Current };
        try
        {
            File.Move(note.Path, mine.Path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
        return mine.Save() ? mine : null;
    }

    string NewPath() => Path.Combine(directory, string.Create(CultureInfo.InvariantCulture, $"mapping-{Guid.NewGuid():N}.note"));
}

/// <summary>A note of one mapping.</summary>
/// <param name="Path">The file.</param>
/// <param name="Process">The process that holds the mapping.</param>
/// <param name="Service">The service that gave it.</param>
/// <param name="Local">Where the mapping leads to.</param>
/// <param name="Port">The external port.</param>
/// <param name="Log">The log.</param>
sealed record MappingNote(string Path, ProcessMark Process, UpnpService Service, IPv4Endpoint Local, ushort Port, ILogger Log)
{
    const string Version = "teredo-mapping-1";
    const int MaxOctets = 4096;

    /// <returns>Null when the file is not a note, or can't be read.</returns>
    public static MappingNote? Read(string path, ILogger log)
    {
        try
        {
            if (new FileInfo(path).Length > MaxOctets)
                return null;
            return File.ReadAllText(path).Split('\n') is [Version, var process, var type, var control, var local, var port, ..]
                && ProcessMark.TryParse(process, out var mark) && Uri.TryCreate(control, UriKind.Absolute, out var uri)
                && IPv4Address.TryParse(uri.Host, out var host) && SsdpAnswer.IsAt(uri, host) && UpnpDocument.IsKnown(type)
                && IPv4Endpoint.TryParse(local, out var endpoint) && ushort.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out ushort number)
                ? new(path, mark, new(type, uri), endpoint, number, log) : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    public bool Save()
    {
        try
        {
            string directory = System.IO.Path.GetDirectoryName(Path)!;
            if (OperatingSystem.IsWindows())
                Directory.CreateDirectory(directory);
            else
                Directory.CreateDirectory(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            File.WriteAllText(Path, string.Join('\n', Version, $"{Process}", Service.Type, $"{Service.Control}", $"{Local}", $"{Port}", ""));
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            MappingLog.NotesUnusable(Log, Path, e.Message);
            return false;
        }
    }

    public void Remove()
    {
        try
        {
            File.Delete(Path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            MappingLog.NotesUnusable(Log, Path, e.Message);
        }
    }
}
