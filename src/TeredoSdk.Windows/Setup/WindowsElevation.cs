using System.ComponentModel;
using System.Diagnostics;
using System.IO.Pipes;
using System.Runtime.Versioning;
using System.Security.AccessControl;
using System.Security.Principal;
using System.Text;

namespace TeredoSdk.Windows.Setup;

/// <summary>
/// The prompt of Windows (UAC), by the shell's verb runas. The process with rights has no console of this one, so its answers come through a named pipe.
/// </summary>
/// <remarks>No real prompt was ever seen by a test: under Wine every process is an administrator's, and runas asks nobody.</remarks>
[SupportedOSPlatform("windows")]
sealed class WindowsElevation : IElevation
{
    const int ERROR_CANCELLED = 1223; // winerror.h: what ShellExecuteEx says when the person refuses
    const string Pipe = "--answer";
    static readonly TimeSpan ConnectLimit = TimeSpan.FromSeconds(30);

    public string? Program => Environment.ProcessPath;

    public string User
    {
        get
        {
            using var identity = WindowsIdentity.GetCurrent();
            return identity.User!.Value;
        }
    }

    public bool IsInteractive => Environment.UserInteractive;

    public string? FindWritable(string program) => ProgramProtection.FindWritable(program);

    public async Task<int> RunAsync(IReadOnlyList<string> arguments, Action<string> told, CancellationToken cancellationToken)
    {
        string name = $"{nameof(TeredoSdk)}-{Guid.NewGuid():N}";
        await using var pipe = NamedPipeServerStreamAcl.Create(name, PipeDirection.In, 1, PipeTransmissionMode.Byte, PipeOptions.Asynchronous, 0, 0, OwnAccess());
        using var process = Start(Program!, [.. arguments, Pipe, name]);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var exit = process.WaitForExitAsync(cancellationToken);
        var connected = pipe.WaitForConnectionAsync(ended.Token);
        if (await Task.WhenAny(connected, exit).ConfigureAwait(false) == exit && !pipe.IsConnected)
            await ended.CancelAsync().ConfigureAwait(false); // it ended without a word
        else
            await ReadAsync(pipe, connected, told, cancellationToken).ConfigureAwait(false);
        await exit.ConfigureAwait(false);
        return process.ExitCode;
    }

    /// <summary>The other process: what <see cref="TeredoSetup.TryRunElevated"/> does.</summary>
    public static int Answer(string[] arguments, string? recordFolder)
    {
        if (arguments is not [.. var own, Pipe, var name])
            return ElevatedRun.Failed;
        try
        {
            // Anonymous: whoever made the pipe can't take on this process's rights.
            using var pipe = new NamedPipeClientStream(".", name, PipeDirection.Out, PipeOptions.None, TokenImpersonationLevel.Anonymous);
            pipe.Connect(ConnectLimit);
            using var writer = new StreamWriter(pipe, new UTF8Encoding(false)) { AutoFlush = true };
            return ElevatedRun.RunAsync(own, request =>
            {
                RequireAsker(pipe, request.User);
                request.Options.RecordFolder = recordFolder;
            }, writer.WriteLine).GetAwaiter().GetResult();
        }
        catch (Exception e) when (e is IOException or TimeoutException or UnauthorizedAccessException)
        {
            return ElevatedRun.Failed; // whoever asked is gone
        }
    }

    // The user who asks owns the pipe. Administrators, one of whom confirms the prompt, may write to it; nobody else can answer.
    static PipeSecurity OwnAccess()
    {
        using var identity = WindowsIdentity.GetCurrent();
        var security = new PipeSecurity();
        security.SetOwner(identity.User!);
        // All rights: opening a pipe to write asks for more than writing, because FILE_APPEND_DATA is FILE_CREATE_PIPE_INSTANCE there (winnt.h, winbase.h).
        foreach (var who in new[] { identity.User!, new SecurityIdentifier(WellKnownSidType.BuiltinAdministratorsSid, null) })
            security.AddAccessRule(new(who, PipeAccessRights.FullControl, AccessControlType.Allow));
        return security;
    }

    // Whoever confirms the prompt may be another user than the one who asked. The pipe belongs to the latter, or the arguments are not those of a plan.
    static void RequireAsker(PipeStream pipe, string user)
    {
        var owner = (SecurityIdentifier?)pipe.GetAccessControl().GetOwner(typeof(SecurityIdentifier));
        if (owner?.Value != user)
            throw new TeredoException(TeredoError.AccessDenied, $"The plan is of the user {user}, but {owner?.Value ?? "nobody"} listens; nothing was changed.");
    }

    static async Task ReadAsync(NamedPipeServerStream pipe, Task connected, Action<string> told, CancellationToken cancellationToken)
    {
        await connected.ConfigureAwait(false);
        using var reader = new StreamReader(pipe, Encoding.UTF8, leaveOpen: true);
        while (await reader.ReadLineAsync(cancellationToken).ConfigureAwait(false) is { } line)
            told(line);
    }

    /// <summary>Starts a program after a prompt. The shell quotes nothing; .NET writes the arguments so that the program's own reading gives them back.</summary>
    public static Process Start(string program, string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { UseShellExecute = true, Verb = "runas", WindowStyle = ProcessWindowStyle.Hidden };
        try
        {
            return Process.Start(start) ?? throw new TeredoException(TeredoError.AccessDenied, $"Windows did not start {program}; nothing was changed.");
        }
        catch (Win32Exception e) when (e.NativeErrorCode == ERROR_CANCELLED)
        {
            throw new TeredoException(TeredoError.ConsentRefused, "The prompt for an administrator's rights was refused; nothing was changed.", e);
        }
        catch (Win32Exception e)
        {
            throw new TeredoException(TeredoError.AccessDenied,
                $"Windows could not start {program} with an administrator's rights ({e.Message.TrimEnd('.')}); nothing was changed.", e);
        }
    }
}
