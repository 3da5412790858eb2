namespace TeredoSdk.Documentation.Tests;

/// <summary>A folder that is gone with the test.</summary>
sealed class ScratchFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("teredosdk-pages-").FullName;

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
