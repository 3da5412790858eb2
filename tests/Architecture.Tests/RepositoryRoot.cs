namespace TeredoSdk.Architecture.Tests;

/// <summary>The folder of TeredoSdk.sln, for tests that look at the sources.</summary>
static class RepositoryRoot
{
    public static string Path { get; } = Find();

    static string Find()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(System.IO.Path.Combine(directory.FullName, "TeredoSdk.sln")))
            directory = directory.Parent ?? throw new DirectoryNotFoundException($"No TeredoSdk.sln above {AppContext.BaseDirectory}.");
        return directory.FullName;
    }
}
