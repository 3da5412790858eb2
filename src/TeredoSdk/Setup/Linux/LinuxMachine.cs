using System.Buffers;
using System.ComponentModel;
using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;

namespace TeredoSdk.Setup.Linux;

/// <summary>What a program printed, and how it ended.</summary>
/// <param name="ExitCode">The exit code.</param>
/// <param name="Output">What it wrote to standard output.</param>
/// <param name="Errors">What it wrote to standard error.</param>
readonly record struct ProgramResult(int ExitCode, string Output, string Errors)
{
    /// <summary>What the program says is wrong, on one line.</summary>
    public string Complaint
    {
        get
        {
            string text = Errors.Trim() is { Length: > 0 } errors ? errors : Output.Trim();
            return text.Length == 0 ? $"it ended with {ExitCode}" : text.ReplaceLineEndings(" ");
        }
    }
}

/// <summary>The files and programs of a Linux machine that a setup reads and changes. All that a setup changes goes through it.</summary>
/// <param name="root">Where the machine's files are, without a slash at the end; empty for this machine.</param>
/// <param name="entry">The start of the command line that runs a program there; empty for this machine.</param>
class LinuxMachine(string root, params IReadOnlyList<string> entry)
{
    static readonly string[] Folders = ["/usr/sbin", "/usr/bin", "/sbin", "/bin"]; // not PATH: what runs as root is not chosen by a variable
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(90); // a start of a unit may take that long (DefaultTimeoutStartSec)
    static readonly TimeSpan Death = TimeSpan.FromSeconds(10);

    static readonly byte[] ApplicationId = Convert.FromHexString("8c9f1d6b0e3a4f5d9a7e52c1b4d60e37");

    public static LinuxMachine Current { get; } = new("");

    /// <summary>Whether this process may change the machine.</summary>
    public virtual bool IsElevated => Environment.IsPrivilegedProcess;

    /// <summary>The place of one of the machine's files as this process sees it.</summary>
    public string At(string path) => root + path;

    /// <summary>The full path of a program of the system, or null when it is not installed.</summary>
    public string? Find(string program) => Folders.Select(folder => $"{folder}/{program}").FirstOrDefault(path => File.Exists(At(path)));

    /// <summary>Whether systemd runs this machine (sd_booted(3)).</summary>
    public bool IsBooted => Directory.Exists(At("/run/systemd/system"));

    /// <summary>
    /// Tells this machine from others; null where there is no identifier (machine-id(5)). The identifier itself must stay confidential, so this is what
    /// sd_id128_get_machine_app_specific(3) makes of it for us.
    /// </summary>
    public string? Identity
    {
        get
        {
            byte[] id = new byte[16];
            string text = TryReadFile("/etc/machine-id")?.Trim() ?? ""; // empty or "uninitialized" before the first start
            if (text.Length != 2 * id.Length || Convert.FromHexString(text, id, out _, out _) != OperationStatus.Done || id.AsSpan().IndexOfAnyExcept((byte)0) < 0)
                return null;
            byte[] own = HMACSHA256.HashData(id, ApplicationId)[..id.Length];
            own[6] = (byte)((own[6] & 0x0F) | 0x40); // a UUID of version 4, as that function makes it
            own[8] = (byte)((own[8] & 0x3F) | 0x80);
            return Convert.ToHexStringLower(own);
        }
    }

    /// <summary>The content of a text file, or null when there is none.</summary>
    public string? ReadFile(string path)
    {
        try
        {
            return File.ReadAllText(At(path));
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    string? TryReadFile(string path)
    {
        try
        {
            return ReadFile(path);
        }
        catch (Exception e) when (e is UnauthorizedAccessException or IOException)
        {
            return null;
        }
    }

    /// <summary>Writes a file that everybody may read, or deletes it. After a crash there is either the former content or the new one.</summary>
    public virtual void WriteFile(string path, string? content)
    {
        if (content is null)
        {
            if (File.Exists(At(path))) // its folder may be missing, too
                File.Delete(At(path));
            return;
        }
        Directory.CreateDirectory(Path.GetDirectoryName(At(path))!);
        string draft = At(path) + ".teredo-new";
        File.Delete(draft);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
        using (var file = new FileStream(draft, options))
        {
            file.Write(Encoding.UTF8.GetBytes(content));
            file.Flush(flushToDisk: true);
        }
        File.Move(draft, At(path), overwrite: true);
    }

    /// <summary>Runs a program that changes the machine.</summary>
    /// <exception cref="TeredoException">It is not installed, takes too long, or ends with another code than 0; the message has what it says.</exception>
    public virtual async Task ChangeAsync(string program, string[] arguments, CancellationToken cancellationToken)
    {
        var result = await RunAsync(program, arguments, cancellationToken).ConfigureAwait(false);
        if (result.ExitCode != 0)
            throw new TeredoException(TeredoError.SetupFailed, $"`{program} {string.Join(' ', arguments)}` failed: {result.Complaint}.");
    }

    /// <summary>Runs a program that only reads.</summary>
    /// <exception cref="TeredoException">It is not installed, or takes too long.</exception>
    public virtual async Task<ProgramResult> RunAsync(string program, string[] arguments, CancellationToken cancellationToken)
    {
        string path = Find(program) ?? throw new TeredoException(TeredoError.SetupFailed, $"The program {program} is not installed.");
        string[] line = [.. entry, path, .. arguments];
        using var late = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        late.CancelAfter(Patience);
        using var process = Start(line);
        try
        {
            process.StandardInput.Close();
            var output = process.StandardOutput.ReadToEndAsync(late.Token);
            var errors = process.StandardError.ReadToEndAsync(late.Token);
            await process.WaitForExitAsync(late.Token).ConfigureAwait(false);
            return new(process.ExitCode, await output.ConfigureAwait(false), await errors.ConfigureAwait(false));
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            process.WaitForExit(Death); // what undoes it must come after it
            cancellationToken.ThrowIfCancellationRequested();
            throw new TeredoException(TeredoError.SetupFailed, $"`{program} {string.Join(' ', arguments)}` did not end within {Patience.TotalSeconds} s.");
        }
    }

    static Process Start(string[] line)
    {
        var start = new ProcessStartInfo(line[0], line[1..])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        start.Environment["LC_ALL"] = "C.UTF-8"; // answers are read
        start.Environment["PATH"] = string.Join(':', Folders); // the programs start others
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception e)
        {
            throw new TeredoException(TeredoError.SetupFailed, $"The program {line[0]} can't be started ({e.Message}).", e);
        }
    }
}
