using System.Runtime.CompilerServices;

namespace Chat;

/// <summary>What a person types, or a program pipes in.</summary>
static class Keyboard
{
    /// <summary>The lines until their end, or until the token is cancelled.</summary>
    public static async IAsyncEnumerable<string> ReadLinesAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (await ReadLineAsync(cancellationToken) is { } line)
            if (line.Length > 0)
                yield return line;
    }

    // A read of the console can't be cancelled, only left behind.
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
