using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;

namespace TeredoSdk.Machine;

/// <summary>Names a process of a machine, so that a later one can tell whether it still runs: its number alone is used again.</summary>
/// <param name="Machine">The machine's name: a home directory may be shared by several machines.</param>
/// <param name="Boot">The boot of the machine, or "-" where the start time alone tells.</param>
/// <param name="Space">The space that the process number belongs to (containers have their own), or "-".</param>
/// <param name="Id">The process number.</param>
/// <param name="Start">When the process started, in the units of the system.</param>
readonly record struct ProcessMark(string Machine, string Boot, string Space, int Id, long Start)
{
    const string None = "-";
    const long Unknown = 0;

    /// <summary>The mark of this process.</summary>
    public static ProcessMark Current { get; } = Here with { Id = Environment.ProcessId, Start = StartOf(Environment.ProcessId) ?? Unknown };

    static ProcessMark Here => OperatingSystem.IsLinux()
        ? new(MachineName, ReadWord("/proc/sys/kernel/random/boot_id"), SpaceOf(), 0, 0) : new(MachineName, None, None, 0, 0);

    static string MachineName => string.Concat(Environment.MachineName.Where(c => !char.IsWhiteSpace(c)));

    /// <summary>Whether the process still runs. True also when that can't be told from here.</summary>
    public bool IsAlive()
    {
        var here = Here;
        if (Machine != here.Machine)
            return true;
        if (Boot != here.Boot)
            return Boot == None || here.Boot == None;
        return Space != here.Space || (StartOf(Id) is { } start && (start == Start || start == Unknown));
    }

    /// <summary>Reads what <see cref="ToString"/> wrote.</summary>
    public static bool TryParse(string text, out ProcessMark mark)
    {
        mark = default;
        if (text.Split(' ') is not [var machine, var boot, var space, var id, var start]
            || !int.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out int number) || number == 0
            || !long.TryParse(start, NumberStyles.None, CultureInfo.InvariantCulture, out long time))
            return false;
        mark = new(machine, boot, space, number, time);
        return true;
    }

    /// <summary>The five parts with blanks between them.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Machine} {Boot} {Space} {Id} {Start}");

    // Returns null when there is no such process.
    static long? StartOf(int id)
    {
        try
        {
            if (OperatingSystem.IsLinux()) // in ticks since the boot: a wall clock that is set does not change it
            {
                string stat = File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{id}/stat"));
                string[] fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' '); // the name before may contain anything
                return long.Parse(fields[19], CultureInfo.InvariantCulture); // starttime, field 22 of proc(5)
            }
            using var process = Process.GetProcessById(id);
            return process.StartTime.ToFileTimeUtc();
        }
        catch (Exception e) when (e is IOException or ArgumentException)
        {
            return null;
        }
        catch (Exception e) when (e is UnauthorizedAccessException or Win32Exception or InvalidOperationException or FormatException)
        {
            return Unknown; // there is one, and it is not to be looked at
        }
    }

    static string SpaceOf()
    {
        try
        {
            return new FileInfo("/proc/self/ns/pid").LinkTarget is { Length: > 0 } link ? link : None;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return None;
        }
    }

    static string ReadWord(string path)
    {
        try
        {
            return File.ReadAllText(path).Trim() is { Length: > 0 } word ? word : None;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return None;
        }
    }
}
