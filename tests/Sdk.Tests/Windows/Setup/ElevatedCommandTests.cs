using TeredoSdk.Windows;

namespace TeredoSdk.Tests.Windows.Setup;

/// <summary>
/// Commands that a person pastes into an elevated prompt: cmd and PowerShell read the same from them, whatever an application is called. (Neither shell
/// is at hand here: what they replace between quotation marks is taken from their documentation.)
/// </summary>
public sealed class ElevatedCommandTests
{
    // What cmd (%, and ! with delayed expansion) or PowerShell replaces or ends a text with, also between quotation marks.
    const string Replaced = "%!$`\u201c\u201d\u201e\n\r\t\0";

    [TestCase("Chat", "Chat")]
    [TestCase("Chat & Co", "\"Chat & Co\"")]
    [TestCase("It's (a) chat; 1+1=2", "\"It's (a) chat; 1+1=2\"")]
    [TestCase("Ünïcode 聊天", "\"Ünïcode 聊天\"")]
    [TestCase(@"Chat\", @"Chat\")]
    [TestCase(@"My Chat\", "\"My Chat=005C\"", true)]
    [TestCase("My \"Chat\"", "\"My =0022Chat=0022\"", true)]
    [TestCase("x\" & calc & \"", "\"x=0022 & calc & =0022\"", true)]
    [TestCase("$(calc)", "\"=0024(calc)\"", true)]
    [TestCase("%PATH%=x", "\"=0025PATH=0025=003Dx\"", true)]
    [TestCase("a`b!c", "\"a=0060b=0021c\"", true)]
    [TestCase("x\u201d; calc; \u201cy", "\"x=201D; calc; =201Cy\"", true)]
    [TestCase("-yes my-chat", "\"=002Dyes my-chat\"", true)]
    [TestCase("😀", "\"=D83D=DE00\"", true)]
    [TestCase("a\u202eb", "\"a=202Eb\"", true)]
    public async Task Name_IsWrittenSoThatNoShellReadsMoreInIt(string name, string written, bool escaped = false)
    {
        using var machine = new SetupMachine();
        machine.Options.Name = name;
        string command = (await machine.PlanRemovalAsync()).ElevatedCommand;
        Assert.That(command, Does.EndWith($" --name {written}{(escaped ? " --escaped" : "")} --yes"));
        AssertIsSafe(command);
    }

    [TestCase(@"C:\Chat\chat.exe", @"C:\Chat\chat.exe")]
    [TestCase(@"C:\My Chat (1)\chat.exe", "\"C:\\My Chat (1)\\chat.exe\"")]
    [TestCase(@"\\server\share\Größe 大小\chat.exe", "\"\\\\server\\share\\Größe 大小\\chat.exe\"")]
    [TestCase(@"C:\$env:TEMP\100 %\chat.exe", "\"C:\\=0024env:TEMP\\100 =0025\\chat.exe\"", true)]
    public async Task Program_IsWrittenSoToo(string path, string written, bool escaped = false)
    {
        using var machine = new SetupMachine();
        machine.Windows.Files[path] = true;
        machine.Options.ProgramPath = path;
        machine.Options.Name = "Chat";
        string command = (await machine.PlanAsync()).ElevatedCommand;
        Assert.That(command, Is.EqualTo($"teredo setup --app {written} --name Chat --tcp 4242{(escaped ? " --escaped" : "")} --yes"));
        AssertIsSafe(command);
    }

    [Test]
    public async Task Variables_OfAProgram_AreReplacedByThoseOfThePlansUser()
    {
        using var machine = new SetupMachine();
        machine.Options.ProgramPath = $"%{Variable.Of(@"C:\Program Files\Ünïcode 聊天")}%\\chat.exe";
        Assert.That((await machine.PlanAsync()).ElevatedCommand, Does.StartWith($"teredo setup --app \"{SetupMachine.Program}\" --name "));
    }

    [Test]
    public void Advice_AtASocket_RunsNothingThatANameHolds()
    {
        using var machine = new SetupMachine();
        machine.Windows.IsElevated = false;
        var request = machine.Options.ToRequest();
        request.Name = "My \"Chat\" & calc";
        var failure = Assert.Throws<TeredoException>(() => new TeredoFirewall(machine.Windows).Ensure(request))!;
        Assert.That(failure.Message, Does.Contain("wf.msc").And.Not.Contain("calc"));
    }

    [TestCase("teredo.example.net", "servername=teredo.example.net")]
    [TestCase("x & calc", "servername=HOST")]
    [TestCase("$(calc)", "servername=HOST")]
    [TestCase("x;calc", "servername=HOST")]
    public async Task Netsh_WithTheServerThatTheMachineHad_NamesItOnlyWhenNoShellReadsMoreInIt(string server, string written)
    {
        using var machine = new SetupMachine();
        machine.Windows.Teredo.Configuration = new() { Type = TeredoType.Disabled, ServerName = server };
        List<string> questions = [];
        var activation = new TeredoActivation(machine.Windows);
        await activation.EnableAsync("192.0.2.1", (request, _) =>
        {
            questions.Add(request.Question);
            return ValueTask.FromResult(true);
        }, CancellationToken.None);
        Assert.That(questions, Has.Some.EndsWith($"To undo it, run netsh interface teredo set state type=disabled {written}."));
    }

    static void AssertIsSafe(string command)
    {
        Assert.That(command.IndexOfAny([.. Replaced]), Is.EqualTo(-1), command);
        string[] parts = command.Split('"');
        Assert.That(parts, Has.Length.Odd, "each quotation mark has its other");
        for (int i = 0; i < parts.Length; i += 2)
            Assert.That(parts[i], Does.Match(@"^[\p{L}\p{N}\\:./_ -]*$"), "outside of quotation marks stands only what needs none");
        for (int i = 1; i < parts.Length; i += 2)
            Assert.That(parts[i], Does.Not.EndWith(@"\"));
    }
}
