namespace TeredoSdk;

/// <summary>Keeps other processes out of a folder by a file that only one of them can hold, and that goes with it.</summary>
sealed class FolderLock : IDisposable
{
    readonly string _folder;
    readonly FileStream _file;

    /// <param name="folder">The folder, which exists.</param>
    /// <param name="path">The file in it.</param>
    /// <exception cref="IOException">Another process holds the file.</exception>
    /// <exception cref="UnauthorizedAccessException">This process may not make the file.</exception>
    public FolderLock(string folder, string path) =>
        (_folder, _file) = (folder, new(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1, FileOptions.DeleteOnClose));

    /// <summary>Releases the lock and, when the folder is empty, deletes the folder.</summary>
    public void Dispose()
    {
        _file.Dispose();
        try
        {
            Directory.Delete(_folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Something else is in it, another process has the lock, or the folder may not be deleted. None of that does harm.
        }
    }
}
