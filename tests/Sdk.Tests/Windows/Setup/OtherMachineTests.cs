using TeredoSdk.Testing;
using TeredoSdk.Windows;

namespace TeredoSdk.Tests.Windows.Setup;

/// <summary>Records that a copied folder or a cloned image brings to another machine, and machines that tell no identity.</summary>
public sealed class OtherMachineTests
{
    const string Guid = @"SOFTWARE\Microsoft\Cryptography\MachineGuid";

    [Test]
    public async Task Record_OfAnotherMachine_IsSetAside_AndOnlyTheProgramsOwnRulesAreRemoved()
    {
        using var machine = new SetupMachine { Options = { EnableTeredo = true } };
        machine.Windows.Firewall.Plant(machine.Wanted[0] with { LocalPorts = "1", Enabled = false }); // was there before, on the machine of the record
        await machine.SetUpAsync();
        machine.Windows.Firewall.Plant(SetupMachine.ForeignRule);
        string path = machine.Records.Single(), content = File.ReadAllText(path);
        Move(machine.Windows);
        var plan = await machine.RemoveAsync();
        Assert.Multiple(() =>
        {
            Assert.That(plan.Findings.Select(finding => (finding.Id, finding.Severity)),
                Is.EqualTo(new[] { (FindingIds.SetupRecordOfOtherMachine, FindingSeverity.Warning) }));
            Assert.That(plan.Findings[0].Sentence, Does.Contain(path).And.Contain("another machine wrote it").And.Contain("is renamed"));
            Assert.That(plan.IsComplete, "so the command exits with 0");
            Assert.That(machine.Rules, Is.EqualTo(new[] { SetupMachine.ForeignRule }), "nothing is restored from it");
            Assert.That(machine.Windows.Teredo.Configuration.Type, Is.EqualTo(TeredoType.EnterpriseClient), "what Teredo was here is not known");
            Assert.That(machine.Records, Is.Empty);
            string[] left = Directory.GetFiles(machine.Options.RecordFolder!);
            Assert.That(left.Single(), Does.StartWith($"{path}.other-machine-"));
            Assert.That(File.ReadAllText(left.Single()), Is.EqualTo(content));
        });
    }

    [Test]
    public async Task Setup_OnTheOtherMachine_HasARecordOfItsOwn()
    {
        using var machine = new SetupMachine();
        await machine.SetUpAsync();
        Move(machine.Windows);
        machine.Options.UdpPort = 4243;
        Assert.That((await machine.SetUpAsync()).Findings.Select(finding => finding.Id), Does.Contain(FindingIds.SetupRecordOfOtherMachine));
        Assert.That((await machine.PlanAsync()).Findings.Select(finding => finding.Id), Has.None.EqualTo(FindingIds.SetupRecordOfOtherMachine));
        await machine.RemoveAsync();
        Assert.That(machine.Rules, Is.Empty);
        Assert.That(machine.Records, Is.Empty);
    }

    // Not known is not another: on either side.
    [TestCase(false, true)]
    [TestCase(true, false)]
    [TestCase(false, false)]
    public async Task Machine_WithoutAnIdentity_ReadsEveryRecord(bool hasThen, bool hasNow)
    {
        using var machine = new SetupMachine();
        var edited = machine.Wanted[0] with { LocalPorts = "1", Enabled = false };
        machine.Windows.Firewall.Plant(edited);
        Give(hasThen);
        await machine.SetUpAsync();
        Assert.That(File.ReadAllText(machine.Records[0]).Contains("\"machine\"", StringComparison.Ordinal), Is.EqualTo(hasThen));
        Give(hasNow);
        Assert.That((await machine.RemoveAsync()).Findings, Is.Empty);
        Assert.That(machine.Rules, Is.EqualTo(new[] { edited }), "restored");

        void Give(bool has)
        {
            machine.Windows.Registry.Remove(Guid);
            if (has)
                machine.Windows.Registry[Guid] = "c0ffee00-0000-4000-8000-000000000001";
        }
    }

    [Test]
    public async Task OlderRecord_GetsTheIdentityWithTheNextSetup_AndNeverTheIdentifierItself()
    {
        using var machine = new SetupMachine();
        string guid = (string)machine.Windows.Registry[Guid];
        machine.Windows.Registry.Remove(Guid);
        await machine.SetUpAsync();
        machine.Windows.Registry[Guid] = guid;
        await machine.SetUpAsync();
        string record = File.ReadAllText(machine.Records[0]);
        Assert.That(record, Does.Match("\"machine\": \"[0-9a-f]{64}\""));
        Assert.That(record, Does.Not.Contain(guid).IgnoreCase.And.Not.Contain(guid.Replace("-", "", StringComparison.Ordinal)).IgnoreCase);
        Move(machine.Windows);
        Assert.That((await machine.PlanAsync()).Findings.Select(finding => finding.Id), Does.Contain(FindingIds.SetupRecordOfOtherMachine));
    }

    [Test]
    public async Task RecordOfAnotherApplication_OfAnotherMachine_InheritsNothing()
    {
        using var machine = new SetupMachine { Options = { EnableTeredo = true } };
        machine.Options.Name = "Second";
        await machine.SetUpAsync();
        string second = File.ReadAllText(machine.Records.Single());
        machine.Windows.Teredo.Configuration = machine.Windows.Teredo.Configuration with { Type = TeredoType.Disabled };
        Move(machine.Windows);
        machine.Options.Name = SetupMachine.Name;
        await machine.SetUpAsync();
        var plan = await machine.RemoveAsync();
        Assert.That(plan.Findings.Select(finding => finding.Id), Does.Contain(FindingIds.SetupOtherNotKnown));
        Assert.That(machine.Windows.Teredo.Configuration.Type, Is.EqualTo(TeredoType.Disabled));
        Assert.That(File.ReadAllText(machine.Records.Single()), Is.EqualTo(second));
    }

    [Test]
    public async Task SecondProgramOfTheName_IsTheFirstOnThisMachine()
    {
        using var machine = new SetupMachine();
        machine.Options.ProgramPath = @"C:\other.exe";
        machine.Windows.Files[machine.Options.ProgramPath] = true;
        await machine.SetUpAsync();
        Move(machine.Windows);
        machine.Options.ProgramPath = SetupMachine.Program;
        Assert.That((await machine.SetUpAsync()).Findings.Select(finding => finding.Id), Does.Contain(FindingIds.SetupRecordOfOtherMachine));
        Assert.That(machine.Records, Has.Length.EqualTo(1));
        await machine.RemoveAsync();
        Assert.That(machine.Rules.Select(rule => rule.ProgramPath), Is.EqualTo(new[] { @"C:\other.exe" }), "those of another program stay");
    }

    static void Move(FakeWindows windows) => windows.Registry[Guid] = "a72f7f6c-27d3-4b55-8c55-0d4d38d3b0e6";
}
