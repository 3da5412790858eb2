using System.Net;
using System.Text;
using TeredoSdk.Windows.Setup;

namespace TeredoSdk.Windows.Tests;

/// <summary>What only a real Windows can show. The README beside this file says how a person runs it, and what it changes.</summary>
[RealWindows]
[Explicit("These run on a real Windows, with its own firewall and Teredo, when a person asks for them.")]
public class RealWindowsTests
{
    static readonly FirewallExceptionRequest Request = new() { Name = "TeredoSdk's own tests ä 大", ProgramPath = Environment.ProcessPath };

    static WindowsSystem Windows => WindowsSystem.Current;

    static TeredoOptions Options => new() { Provider = TeredoProvider.Windows };

    [Test]
    public void Readings_AreAnswers()
    {
        Assert.Multiple(() =>
        {
            Assert.That(Windows.Firewall.ReadRules().Reason, Is.Null);
            Assert.That(Windows.Firewall.ReadStatus().Reason, Is.Null);
            Assert.That(Windows.ReadAddresses().Reason, Is.Null);
            Assert.That(Windows.ReadService("iphlpsvc").Value.Exists);
            Assert.That(Windows.ReadService("mpssvc").Value.Exists);
            Assert.That(Windows.ReadRegistry(@"SOFTWARE\Microsoft\Windows NT\CurrentVersion", "ProductName").Value, Is.InstanceOf<string>());
        });
    }

    [Test]
    public async Task Switches_ByCimAndByNetsh_AreTheSame()
    {
        var byCim = Windows.ReadConfiguration().Value;
        var said = await Windows.RunNetshAsync(["interface", "teredo", "show", "state"], CancellationToken.None);
        TestContext.Out.WriteLine(said.Value.Text);
        TestContext.Out.WriteLine(Windows.ReadStatus());
        Assert.That(said.Value.Text, Does.Contain($"{byCim.Type}").IgnoreCase); // netsh translates labels, not values
    }

    [Test]
    public async Task Exception_AsAnAdministrator_IsMadeOnceReadBackAndRemoved()
    {
        Assume.That(Windows.IsElevated, "Run this in an elevated prompt.");
        var firewall = new TeredoFirewall(Windows);
        try
        {
            var found = await firewall.EnsureAsync(Request);
            Assert.That(found.LetsIn, Is.Not.Null, found.Finding?.Sentence);
            int rules = Windows.Firewall.ReadRules().Value.Count;
            await firewall.EnsureAsync(Request);
            Assert.That(Windows.Firewall.ReadRules().Value, Has.Count.EqualTo(rules));
        }
        finally
        {
            await firewall.RemoveOwnedAsync(Request.Name, Request.ProgramPath!);
        }
        Assert.That(Windows.Firewall.ReadRules().Value.Where(rule => rule.Name.StartsWith(Request.Name, StringComparison.Ordinal)), Is.Empty);
    }

    // Wine has neither junctions nor lists of its own, so this is where they are tried.
    [Test]
    public async Task RecordFolder_AsAnAdministrator_IsMadeTrusted_AndReplacedWhereItIsAJunctionOrOpenToOthers()
    {
        Assume.That(Windows.IsElevated, "Run this in an elevated prompt.");
        string root = Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.CommonApplicationData), $"TeredoSdk.Tests-{Guid.NewGuid():N}");
        string folder = Path.Combine(root, "records"), elsewhere = Path.Combine(root, "elsewhere");
        try
        {
            Directory.CreateDirectory(elsewhere); // open to every user, as all that is made in ProgramData
            Assert.That(RecordProtection.IsTrustedFolder(elsewhere), Is.False);
            using (var junction = System.Diagnostics.Process.Start("cmd", ["/c", "mklink", "/J", folder, elsewhere])!)
                await junction.WaitForExitAsync();
            Assert.That(RecordProtection.IsTrustedFolder(folder), Is.False);
            RecordProtection.CreateFolder(folder);
            Assert.That(RecordProtection.IsTrustedFolder(folder));
            using (var file = RecordProtection.CreateFile(Path.Combine(folder, "record")))
                Assert.That(RecordProtection.IsTrustedFile(file));
            Assert.That(Directory.GetFileSystemEntries(elsewhere), Is.Empty);
        }
        finally
        {
            foreach (string entry in Directory.GetDirectories(root, "records.untrusted-*"))
                Directory.Delete(entry); // the junction alone
            Directory.Delete(root, recursive: true);
        }
    }

    [Test]
    public async Task FinalPath_OfAFileBehindAJunction_IsThatOfTheFile()
    {
        var folder = Directory.CreateTempSubdirectory("TeredoSdk.Tests-");
        string root = Windows.FinalPathOf(folder.FullName), real = Path.Combine(root, "Version 1.0"), link = Path.Combine(root, "Current");
        try
        {
            Directory.CreateDirectory(real);
            await File.WriteAllTextAsync(Path.Combine(real, "App.exe"), "");
            using (var junction = System.Diagnostics.Process.Start("cmd", ["/c", "mklink", "/J", link, real])!)
                await junction.WaitForExitAsync();
            Assert.That(Windows.FinalPathOf(Path.Combine(link, "App.exe")), Is.EqualTo(Path.Combine(real, "App.exe")).IgnoreCase);
            Assert.That(Windows.FinalPathOf(Path.Combine(link, "gone.exe")), Is.EqualTo(Path.Combine(real, "gone.exe")).IgnoreCase);
        }
        finally
        {
            if (Directory.Exists(link))
                Directory.Delete(link); // the junction alone
            folder.Delete(recursive: true);
        }
    }

    [Test]
    public void Exception_WithoutAnAdministratorsRights_IsAccessDenied()
    {
        Assume.That(Windows.IsElevated, Is.False, "Run this in an ordinary prompt.");
        Assert.That(() => new TeredoFirewall(Windows).EnsureAsync(Request),
            Throws.TypeOf<TeredoException>().With.Property("Error").EqualTo(TeredoError.AccessDenied));
    }

    [Test]
    public async Task Teredo_ThatIsOn_HasAnAddressAndCarriesToItself()
    {
        using var limit = new CancellationTokenSource(Patience.Limit);
        await using var first = await TeredoSocket.BindDatagramAsync(0, Options, limit.Token);
        await using var second = await TeredoSocket.BindDatagramAsync(0, Options, limit.Token);
        Assert.That(first.TeredoEndPoint!.Address.IsIPv6Teredo);
        TestContext.Out.WriteLine(Windows.ReadTeredoPort());
        await second.SendToAsync(Encoding.ASCII.GetBytes("ping"), first.TeredoEndPoint, limit.Token);
        var received = await first.ReceiveAsync(limit.Token);
        Assert.That(Encoding.ASCII.GetString(received.Buffer), Is.EqualTo("ping"));
    }

    [Test]
    public async Task Names_HaveAaaaRecords()
    {
        using var limit = new CancellationTokenSource(Patience.Limit);
        var found = await Windows.ResolveAsync("www.microsoft.com", limit.Token);
        Assert.That(found.Value, Has.Some.Matches<IPAddress>(address => !address.IsIPv4MappedToIPv6));
    }
}
