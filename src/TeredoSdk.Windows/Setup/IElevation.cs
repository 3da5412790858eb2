namespace TeredoSdk.Windows.Setup;

/// <summary>What the system does when a setup asks for an administrator's rights: a part of its own, so that tests need no prompt.</summary>
interface IElevation
{
    /// <summary>The executable of this process, which is started a second time; null when it is not known.</summary>
    string? Program { get; }

    /// <summary>The user who asks (the SID). The one who confirms the prompt may be another.</summary>
    string User { get; }

    /// <summary>Whether somebody is there who could see a prompt.</summary>
    bool IsInteractive { get; }

    /// <summary>The program, or one of the files and folders that it depends on, when others than administrators can change it; null when none is.</summary>
    string? FindWritable(string program);

    /// <summary>Starts this process's executable with an administrator's rights, after a prompt, and waits until it ends.</summary>
    /// <param name="arguments">The arguments. The system may add where the answers go to.</param>
    /// <param name="told">Is told of each line of the answers.</param>
    /// <param name="cancellationToken">Stops listening, which makes the other process undo what it did.</param>
    /// <returns>The exit code.</returns>
    /// <exception cref="TeredoException">
    /// The prompt was refused (<see cref="TeredoError.ConsentRefused"/>), or the program can't be started (<see cref="TeredoError.AccessDenied"/>).
    /// </exception>
    Task<int> RunAsync(IReadOnlyList<string> arguments, Action<string> told, CancellationToken cancellationToken);
}
