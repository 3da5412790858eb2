using System.Security.AccessControl;
using System.Security.Principal;
using TeredoSdk.Windows.Setup;

namespace TeredoSdk.Windows.Tests;

/// <summary>
/// Records of setups, which an administrator's removal believes: only administrators and the system may have written them. Lists of access rights are
/// judged as texts; Wine makes those of files up from their modes.
/// </summary>
[Bare]
public class RecordProtectionTests
{
    const string Name = "Chat", Program = @"C:\chat.exe";

    string _folder = null!;

    static SetupRecord Record => SetupRecord.Of(Name, Program) with { NeedsTeredo = true };

    static SetupRecords Records => new(chosenFolder: null);

    [SetUp]
    public void NameFolder() =>
        _folder = Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.CommonApplicationData), "TeredoSdk");

    [TearDown]
    public void RemoveFolders()
    {
        foreach (string folder in Directory.GetDirectories(Path.GetDirectoryName(_folder)!, "TeredoSdk*"))
            Directory.Delete(folder, recursive: true);
    }

    // BA and SY: administrators and the system. BU, AU, WD, CO: users, authenticated users, everyone, the creator.
    [TestCase("O:BAD:P(A;OICI;FA;;;BA)(A;OICI;FA;;;SY)(A;OICI;0x1200a9;;;BU)", true)]
    [TestCase("O:SYD:(A;;FA;;;SY)", true)]
    [TestCase("O:BAD:(A;;GRGX;;;WD)(D;;FA;;;BU)", true)]
    [TestCase("O:BUD:P(A;;FA;;;BA)", false)]
    [TestCase("O:S-1-5-21-1-2-3-1001D:P(A;;FA;;;BA)", false)]
    [TestCase("O:S-1-5-21-1-2-3-500D:P(A;;FA;;;BA)", false)]
    [TestCase("D:P(A;;FA;;;BA)", false)]
    [TestCase("O:BA", false)]
    [TestCase("O:BAD:P(A;;FA;;;BA)(A;;FA;;;WD)", false)]
    [TestCase("O:BAD:P(A;;FA;;;BA)(A;OICIIO;FA;;;CO)", false)]
    [TestCase("O:BAD:P(A;;FA;;;BA)(A;OICI;0x100002;;;BU)", false)]
    [TestCase("O:BAD:P(A;;FA;;;BA)(A;OICI;0x100004;;;BU)", false)]
    [TestCase("O:BAD:P(A;;FA;;;BA)(A;;DC;;;AU)", false)]
    [TestCase("O:BAD:P(A;;FA;;;BA)(A;;SD;;;AU)", false)]
    [TestCase("O:BAD:P(A;;FA;;;BA)(A;;WD;;;AU)", false)]
    [TestCase("O:BAD:P(A;;FA;;;BA)(A;;WO;;;AU)", false)]
    [TestCase("O:BAD:P(A;;FA;;;BA)(A;;GW;;;AU)", false)]
    [TestCase("O:BAD:P(A;;FA;;;BA)(A;;GA;;;S-1-5-21-1-2-3-1001)", false)]
    public void Descriptor_IsTrusted_WhenAdministratorsAloneMayWrite(string descriptor, bool trusted) =>
        Assert.That(RecordProtection.IsTrusted(new RawSecurityDescriptor(descriptor)), Is.EqualTo(trusted));

    [Test]
    public void Folder_ThatTheSetupMakesUnderWine_IsTrusted()
    {
        Records.Write(Record);
        Assert.That(Records.Distrust, Is.Null);
        Assert.That(Records.Read(Name, Program)?.NeedsTeredo, Is.True);
        Assert.That(Directory.GetDirectories(Path.GetDirectoryName(_folder)!, "TeredoSdk.untrusted-*"), Is.Empty);
    }

    [Test]
    public void Folder_ThatEveryoneMayWriteToUnderWine_IsReplaced_AndItsRecordsAreNeverRead()
    {
        Records.Write(Record);
        LetEveryoneWrite(new DirectoryInfo(_folder));
        Assert.That(Records.Distrust?.Sentence, Does.Contain(_folder));
        Assert.That(Records.Read(Name, Program), Is.Null);
        List<Finding> warnings = [];
        Assert.That(Records.ReadOthers("Another", @"C:\another.exe", warnings), Is.Empty);

        Records.Write(SetupRecord.Of("Another", @"C:\another.exe"));
        Assert.That(Records.Distrust, Is.Null);
        Assert.That(Records.Read(Name, Program), Is.Null);
        Assert.That(Records.Read("Another", @"C:\another.exe"), Is.Not.Null);
        string old = Directory.GetDirectories(Path.GetDirectoryName(_folder)!, "TeredoSdk.untrusted-*").Single();
        Assert.That(Directory.GetFiles(old), Has.Length.EqualTo(1), "what was there is kept for whoever looks into it");
    }

    [Test]
    public void Lock_ReplacesAnUntrustedFolder()
    {
        Directory.CreateDirectory(_folder);
        LetEveryoneWrite(new DirectoryInfo(_folder));
        using (Records.Lock(Name))
            Assert.That(Records.Distrust, Is.Null);
    }

    [Test]
    public void File_InPlaceOfTheFolder_IsRenamed()
    {
        File.WriteAllText(_folder, "mine");
        Records.Write(Record);
        Assert.That(Records.Read(Name, Program), Is.Not.Null);
        string old = Directory.GetFiles(Path.GetDirectoryName(_folder)!, "TeredoSdk.untrusted-*").Single();
        File.Delete(old);
    }

    [Test]
    public void Record_ThatEveryoneMayWriteToUnderWine_IsNotUsed()
    {
        Records.Write(Record);
        var file = new FileInfo(Directory.GetFiles(_folder, "*.json").Single());
        var security = file.GetAccessControl();
        security.AddAccessRule(new(Everyone, FileSystemRights.FullControl, AccessControlType.Allow));
        file.SetAccessControl(security);
        Assert.That(() => Records.Read(Name, Program), Throws.TypeOf<TeredoException>().With.Message.Contains("not protected from other users"));
    }

    [Test]
    public void Draft_OfAnInterruptedSetup_IsReplaced()
    {
        Records.Write(Record);
        string path = Directory.GetFiles(_folder, "*.json").Single();
        File.WriteAllText(path + ".new", new string('x', 10_000));
        Records.Write(Record with { NeedsTeredo = false });
        Assert.That(Records.Read(Name, Program)?.NeedsTeredo, Is.False);
    }

    static SecurityIdentifier Everyone { get; } = new(WellKnownSidType.WorldSid, null);

    static void LetEveryoneWrite(DirectoryInfo folder)
    {
        var security = folder.GetAccessControl();
        security.AddAccessRule(new(Everyone, FileSystemRights.FullControl, AccessControlType.Allow));
        folder.SetAccessControl(security);
    }
}
