using System.Runtime.CompilerServices;

namespace Chat;

/// <summary>Reads the lines that a person types or a program pipes in.</summary>
static class Keyboard
{
    /// <summary>Returns the lines until the input ends or the token is cancelled.</summary>
    public static async IAsyncEnumerable<string> ReadLinesAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (await ReadLineAsync(cancellationToken) is { } line)
            if (line.Length > 0)
                yield return line;
    }

    // A read of the console can't be cancelled, so the wait is given up and the read goes on.
    static async Task<string?> ReadLineAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await Task.Run(Console.ReadLine, cancellationToken).WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            return null;
        }
    }
}
