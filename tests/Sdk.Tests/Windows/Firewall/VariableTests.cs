using TeredoSdk.Tests.Windows.Setup;

namespace TeredoSdk.Tests.Windows.Firewall;

/// <summary>Variables in the paths of programs: they are those of the user who asks, and are replaced at once, because the firewall's service has others.</summary>
public sealed class VariableTests
{
    const string Folder = @"C:\Program Files\Chat";
    const string Program = Folder + @"\chat.exe";

    readonly string _variable = Variable.Of(Folder);

    string Written => $"%{_variable}%\\chat.exe";

    [Test]
    public void Rule_ForAPathWithAVariable_NamesTheProgram()
    {
        using var machine = Machine(Written);
        Assert.That(machine.Wanted[0].ProgramPath, Is.EqualTo(Program));
    }

    [Test]
    public async Task Setup_WithAndWithoutTheVariable_IsTheSame()
    {
        using var machine = Machine(Written);
        await machine.SetUpAsync();
        machine.Options.ProgramPath = Program;
        Assert.That((await machine.PlanAsync()).IsSatisfied);
    }

    [Test]
    public async Task RuleOfTheStore_WithAVariable_CountsAsTheSame()
    {
        using var machine = Machine(Program);
        machine.Windows.Firewall.Plant(machine.Wanted[0] with { ProgramPath = Written });
        Assert.That((await machine.PlanAsync()).IsSatisfied);
    }

    [TestCase("dotnet.exe", "dotnet")]
    [TestCase("missing.exe", "does not exist")]
    public void Program_BehindAVariable_IsCheckedAsWhatItIs(string file, string said)
    {
        using var machine = Machine(Written);
        machine.Windows.Files[$@"C:\Hidden\dotnet.exe"] = true;
        machine.Options.ProgramPath = $"%{Variable.Of($@"C:\Hidden\{file}")}%";
        var failure = Assert.ThrowsAsync<TeredoException>(machine.PlanAsync)!;
        Assert.That(failure.Error, Is.EqualTo(TeredoError.InvalidProgram));
        Assert.That(failure.Message, Does.Contain(said));
    }

    static SetupMachine Machine(string program)
    {
        var machine = new SetupMachine();
        machine.Windows.Files[Program] = true;
        machine.Options.ProgramPath = program;
        return machine;
    }
}
