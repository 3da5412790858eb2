namespace TeredoSdk.Examples.Tests.Kits;

/// <summary>The Debian package of examples/Installer is built, and Debian's own checker finds nothing.</summary>
[Platform("Linux")]
[System.Runtime.Versioning.SupportedOSPlatform("linux")]
public sealed class DebianKitTests
{
    string _folder = "";

    [SetUp]
    public void MakeFolder() => _folder = Directory.CreateTempSubdirectory("teredo-debian-").FullName;

    [TearDown]
    public void RemoveFolder() => Directory.Delete(_folder, recursive: true);

    [Slow]
    [Test]
    public async Task Package_IsBuilt_AndLintianFindsNothing()
    {
        string package = await BuildAsync();
        Assert.That(await Kit.RunAsync("lintian", "/usr/bin/lintian", "--allow-root", "--fail-on", "warning", package), Is.Empty);
    }

    [Test]
    public async Task Package_HasTheProgramOnThePath_AndItsPermissionForUserNamespaces()
    {
        string package = await BuildAsync();
        string content = await Kit.RunAsync("dpkg", "/usr/bin/dpkg-deb", "--contents", package);
        Assert.That(content, Does.Contain("./usr/bin/chess -> ../lib/chess/chess").And.Contain("./etc/apparmor.d/chess").And.Not.Contain("README"));
        string profile = await File.ReadAllTextAsync(Kit.Path("Debian/etc/apparmor.d/chess"));
        Assert.That(profile, Does.Contain("profile chess /usr/lib/chess/chess ").And.Contain("userns,"));
    }

    // As dpkg runs them, on a machine without AppArmor.
    [TestCase("postinst", "configure")]
    [TestCase("postinst", "abort-upgrade")]
    [TestCase("postrm", "upgrade")]
    [TestCase("postrm", "purge")]
    public async Task Script_WithoutAppArmor_EndsWell(string script, string action)
    {
        string text = await File.ReadAllTextAsync(Kit.Path($"Debian/DEBIAN/{script}"));
        string elsewhere = Path.Combine(_folder, script);
        await File.WriteAllTextAsync(elsewhere, text.Replace("/sys/", "/nonexistent/", StringComparison.Ordinal));
        Assert.That(await Kit.RunAsync("dash", "/bin/sh", elsewhere, action), Is.Empty);
    }

    // The profile that can't be loaded costs TCP, and not the installation.
    [Test]
    public async Task Script_ParserFails_EndsWell()
    {
        string parser = Path.Combine(_folder, "apparmor_parser"), elsewhere = Path.Combine(_folder, "postinst");
        await File.WriteAllTextAsync(parser, "#!/bin/sh\necho \"parser $*\"\nexit 1\n");
        await Kit.RunAsync("coreutils", "/bin/chmod", "755", parser);
        string text = await File.ReadAllTextAsync(Kit.Path("Debian/DEBIAN/postinst"));
        await File.WriteAllTextAsync(elsewhere, text.Replace("/sys/module/apparmor/parameters/enabled", parser, StringComparison.Ordinal));
        Assert.That(await Kit.RunAsync("dash", "/bin/sh", "-c", $"PATH={_folder} exec /bin/sh {elsewhere} configure"),
            Does.StartWith("parser --replace").And.Contain("/etc/apparmor.d/chess"));
    }

    // With a program of this machine as the application: the checker looks into it.
    async Task<string> BuildAsync()
    {
        string published = Path.Combine(_folder, "published"), package = Path.Combine(_folder, "chess_1.0.0_amd64.deb");
        Directory.CreateDirectory(published);
        File.Copy("/bin/true", Path.Combine(published, "chess"));
        await Kit.RunAsync("dpkg", "/bin/sh", Kit.Path("Debian/build.sh"), published, package);
        return package;
    }
}
