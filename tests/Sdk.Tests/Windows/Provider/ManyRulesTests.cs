using System.Globalization;
using System.Net;
using System.Net.Sockets;
using TeredoSdk.Tests.Windows.Setup;
using TeredoSdk.Windows;

namespace TeredoSdk.Tests.Windows.Provider;

/// <summary>A firewall with tens of thousands of rules, of which a read takes seconds, or one that does not answer: at a start, a listen and a report.</summary>
public sealed class ManyRulesTests
{
    const string ReadRules = "Firewall.ReadRules", AddRule = "Firewall.Add";

    [TestCase(true)]
    [TestCase(false)]
    public async Task Rules_AreReadOnceForEachOperation_AndNotForTheReportThatIsThere(bool consents)
    {
        await using var machine = new WindowsMachine();
        for (int i = 0; i < 20_000; i++)
            machine.Windows.Firewall.Plant(SetupMachine.ForeignRule with { Name = i.ToString(CultureInfo.InvariantCulture), ProgramPath = @"C:\other.exe" });
        machine.AnswerConsent(consents);
        var node = await ReadsAsync(machine, 1, machine.StartAsync);
        await using var listener = await ReadsAsync(machine, 1, () => node.ListenAsync(0));
        Assert.That(machine.Windows.Firewall.Rules, Has.Count.EqualTo(consents ? 20_001 : 20_000));
        Assert.That(await ReadsAsync(machine, 0, () => Task.FromResult(node.Report.Windows!.LetsStrangersIn)), Is.EqualTo(consents));
        await ReadsAsync(machine, 1, () => node.GetReportAsync());
        await ReadsAsync(machine, 1, () => WindowsTeredo.ReadReportAsync(machine.Windows)); // what `teredo status` prints where there is no address
        await ReadsAsync(machine, 1, () => new TeredoFirewall(machine.Windows).EnsureAsync(new() { Name = "App", ProgramPath = machine.Windows.ProgramPath }));
    }

    [Test]
    public async Task Start_AsksNothingOnTheCallersThread()
    {
        await using var machine = new WindowsMachine();
        int caller = Environment.CurrentManagedThreadId;
        bool isBack = false, isOnCallers = false;
        machine.Windows.OnCall = _ => isOnCallers |= !isBack && Environment.CurrentManagedThreadId == caller;
        var starting = TeredoNode.StartAsync(machine.Options);
        isBack = true;
        await using var node = await starting.InTime();
        Assert.That(isOnCallers, Is.False);
    }

    [Test]
    public async Task Minutes_GoByWithoutReadingTheRules()
    {
        await using var machine = new WindowsMachine { Options = { RegisterFirewallException = true } };
        var node = await machine.StartAsync();
        await using var listener = await node.ListenAsync(0).InTime();
        int reads = machine.Windows.Firewall.RuleListReads;
        for (int minute = 0; minute < 5; minute++)
            machine.Time.Advance(TimeSpan.FromMinutes(1));
        Assert.That(machine.Windows.Firewall.RuleListReads, Is.EqualTo(reads));
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task Report_OfAWindowsThatDoesNotAnswer_IsTheLastOne_AndAFreshOneIsGivenUp(bool isGivenUp)
    {
        await using var machine = new WindowsMachine();
        var node = await machine.StartAsync();
        using var stuck = new StuckCall(machine.Windows, ReadRules);
        using var gaveUp = new CancellationTokenSource();
        var asking = node.GetReportAsync(gaveUp.Token);
        await stuck.WhenReachedAsync();
        Assert.That(node.Report.State, Is.EqualTo(TeredoState.Qualified), "at once");
        await AssertEndsAsync(machine, asking, gaveUp, isGivenUp);
    }

    [Test]
    public async Task Listen_GivenUpWhileTheRulesAreRead_EndsAtOnce_AndLeavesNothing()
    {
        await using var machine = new WindowsMachine { Options = { RegisterFirewallException = true } };
        var node = await machine.StartAsync();
        using var gaveUp = new CancellationTokenSource();
        using (var stuck = new StuckCall(machine.Windows, ReadRules))
        {
            var listening = node.ListenAsync(0, cancellationToken: gaveUp.Token);
            await stuck.WhenReachedAsync();
            await AssertEndsAsync(machine, listening, gaveUp, isGivenUp: true);
        }
        await node.DisposeAsync().InTime();
        Assert.That((machine.Windows.Firewall.Rules.Count, machine.Windows.Sockets.Count), Is.EqualTo((0, 0)));
    }

    [Test]
    public async Task Listen_WhereTheFirewallDoesNotAnswer_OpensAfterATime_AndTheReportSaysThatItIsNotKnown()
    {
        await using var machine = new WindowsMachine { Options = { RegisterFirewallException = true } };
        var node = await machine.StartAsync();
        using var stuck = new StuckCall(machine.Windows, ReadRules);
        var listening = node.ListenAsync(0);
        await stuck.WhenReachedAsync();
        machine.Time.AdvanceUntil(() => listening.IsCompleted, TimeSpan.FromHours(1)); // its limit may be set after the call has begun
        await using var listener = await listening.InTime();
        Assert.That(node.Report.Findings.Select(finding => finding.Id), Has.Some.EqualTo(FindingIds.FirewallNotRead));
    }

    [Test]
    public async Task Listen_GivenUpWhileItsRuleIsAdded_LeavesNoRule()
    {
        await using var machine = new WindowsMachine { Options = { RegisterFirewallException = true } };
        var node = await machine.StartAsync();
        using var gaveUp = new CancellationTokenSource();
        using (var stuck = new StuckCall(machine.Windows, AddRule))
        {
            var listening = node.ListenAsync(0, cancellationToken: gaveUp.Token);
            await stuck.WhenReachedAsync();
            await AssertEndsAsync(machine, listening, gaveUp, isGivenUp: true);
        }
        await node.DisposeAsync().InTime();
        Assert.That(machine.Windows.Actions, Has.Some.StartsWith("AddRule"));
        Assert.That(machine.Windows.Firewall.Rules, Is.Empty);
    }

    [Test]
    public async Task Rule_ThatIsSeenLate_IsLookedForByItsName()
    {
        await using var machine = new WindowsMachine { Options = { RegisterFirewallException = true } };
        machine.Windows.Firewall.RuleLag = 3;
        var node = await machine.StartAsync();
        int reads = machine.Windows.Firewall.RuleListReads;
        var listening = node.ListenAsync(0);
        while (!listening.IsCompleted)
        {
            if (machine.Time.IsArmedWithin(TimeSpan.Zero, TimeSpan.FromSeconds(1)))
                machine.Time.AdvanceToTheNextTimer();
            await Task.WhenAny(listening, Task.Delay(1));
        }
        await using var listener = await listening;
        Assert.That(machine.Windows.Firewall.RuleListReads - reads, Is.EqualTo(1));
        Assert.That((node.Report.Windows!.LetsStrangersIn, machine.Windows.Firewall.Rules.Count), Is.EqualTo((true, 1)));
    }

    // Somebody opens the port while the person is asked about its rule.
    [Test]
    public async Task Port_ThatIsTakenBeforeItsSocketOpens_IsChosenAgain()
    {
        await using var machine = new WindowsMachine();
        using var thief = new Socket(AddressFamily.InterNetworkV6, SocketType.Stream, ProtocolType.Tcp);
        int asked = 0;
        machine.Options.Consent = (request, _) =>
        {
            if (asked++ == 0)
            {
                string port = request.Question[(request.Question.IndexOf("TCP port ", StringComparison.Ordinal) + "TCP port ".Length)..];
                thief.Bind(new IPEndPoint(IPAddress.IPv6Any, int.Parse(port[..port.IndexOf(' ')], CultureInfo.InvariantCulture)));
                thief.Listen();
            }
            return ValueTask.FromResult(true);
        };
        var node = await machine.StartAsync();
        await using var listener = await node.ListenAsync(0).InTime();
        Assert.That(asked, Is.EqualTo(2));
        await listener.DisposeAsync();
        await node.DisposeAsync().InTime();
        Assert.That(machine.Windows.Actions.Count(action => action.StartsWith("AddRule", StringComparison.Ordinal)), Is.EqualTo(2));
        Assert.That(machine.Windows.Firewall.Rules, Is.Empty);
    }

    static async Task<T> ReadsAsync<T>(WindowsMachine machine, int expected, Func<Task<T>> call)
    {
        int reads = machine.Windows.Firewall.RuleListReads;
        var result = await call().InTime();
        Assert.That(machine.Windows.Firewall.RuleListReads - reads, Is.EqualTo(expected));
        return result;
    }

    static async Task AssertEndsAsync(WindowsMachine machine, Task call, CancellationTokenSource gaveUp, bool isGivenUp)
    {
        if (isGivenUp)
        {
            await gaveUp.CancelAsync();
            Assert.CatchAsync<OperationCanceledException>(() => call.InTime());
        }
        else
        {
            machine.Time.AdvanceToTheNextTimer();
            Assert.That(Assert.ThrowsAsync<TeredoException>(() => call.InTime())!.Message, Does.Contain("did not answer"));
        }
    }
}
