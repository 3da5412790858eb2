namespace TeredoSdk.Architecture.Tests;

/// <summary>
/// Where the runtime's view of the network is used. Its events can end the process on Linux, and its enumerations throw while interfaces come and go,
/// so both stand in the few files that know this.
/// </summary>
public class RuntimeNetworkTests
{
    [TestCase("NetworkChange.", "TeredoSdk/Machine/NetworkWatch.cs", "TeredoSdk.Windows/Native/IpHelper/ChangeFeed.cs")]
    [TestCase("GetAllNetworkInterfaces(", "TeredoSdk/Machine/NetworkInterfaces.cs", "TeredoSdk.Windows/Native/IpHelper/AddressTable.cs", "TeredoSdk.Xp/WindowsSystem.cs")]
    public void Use_StandsInTheseFilesOnly(string use, params string[] files)
    {
        string folder = Path.Combine(RepositoryRoot.Path, "src");
        var users = Directory.EnumerateFiles(folder, "*.cs", SearchOption.AllDirectories).Where(path => File.ReadAllText(path).Contains(use, StringComparison.Ordinal))
            .Select(path => Path.GetRelativePath(folder, path).Replace('\\', '/')).Where(path => !path.Contains("/obj/", StringComparison.Ordinal));
        Assert.That(users, Is.EquivalentTo(files));
    }
}
