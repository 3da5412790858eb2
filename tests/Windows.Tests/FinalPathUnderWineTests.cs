using System.Runtime.InteropServices;

namespace TeredoSdk.Windows.Tests;

/// <summary>The paths by which the firewall knows files, under Wine: it has short names, and no junctions.</summary>
[Bare]
public sealed partial class FinalPathUnderWineTests : IDisposable
{
    readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("TeredoSdk final paths ");

    public void Dispose() => _folder.Delete(recursive: true);

    static WindowsSystem Windows => WindowsSystem.Current;

    // What is long already stays: the folder for temporary files may itself have a short name.
    string Root => Windows.FinalPathOf(_folder.FullName);

    [Test]
    public void ShortName_LeadsToTheLongOne()
    {
        string real = Path.Combine(Root, "A folder with a long name");
        Directory.CreateDirectory(real);
        char[] text = new char[1024];
        string name = new(text, 0, GetShortPathNameW(real, text, text.Length));
        Assert.That(name, Does.Contain("~"), "Wine gives short names");
        Assert.That(Windows.FinalPathOf(name), Is.EqualTo(real).IgnoreCase);
        Assert.That(Windows.FinalPathOf($@"{name}\gone\App.exe"), Is.EqualTo($@"{real}\gone\App.exe").IgnoreCase, "what does not exist stays");
    }

    [TestCase("System")]
    [TestCase(@"Z:\no such folder\App.exe")]
    [TestCase(@"\\?\C:\App.exe")]
    [TestCase("C:\\a\0b.exe")]
    public void PathThatLeadsNowhere_Stays(string path) => Assert.That(Windows.FinalPathOf(path), Is.EqualTo(path));

    [Test]
    public void OwnProgram_IsFound() => Assert.That(File.Exists(Windows.ProgramPath));

    [LibraryImport("kernel32", StringMarshalling = StringMarshalling.Utf16)]
    private static partial int GetShortPathNameW(string path, [Out] char[] shortPath, int length);
}
