using TeredoSdk.Setup.Linux;

namespace TeredoSdk.Tests.Linux;

/// <summary>What a setup of a service changes, in which order, and what its removal and a failure leave: nothing.</summary>
[Platform("Linux"), FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class ServicePlanTests : IDisposable
{
    const int Port = 3544;
    const string Unit = "teredo-server.service", FirewallUnit = "teredo-server-firewall.service", Record = "/var/lib/teredosdk/teredo-server.service.json",
        UnitPath = $"/etc/systemd/system/{Unit}", FirewallUnitPath = $"/etc/systemd/system/{FirewallUnit}", Comment = "teredosdk teredo-server",
        Policy = "/etc/firewalld/policies/teredo-server.xml";

    static readonly string[] WithUnit = [$"Write the unit {UnitPath}.", $"{Unit} starts with the machine.", $"Start {Unit}."];

    readonly FakeLinux _machine = new();

    public void Dispose() => _machine.Dispose();

    static TeredoServiceOptions Server => new() { Service = TeredoService.Server, ProgramPath = FakeLinux.Program, Arguments = ["--address", "203.0.113.1"], UdpPort = Port };

    Task<ServicePlan> PlanAsync(TeredoServiceOptions? options = null) => TeredoServiceSetup.PlanAsync(_machine, options ?? Server, default);

    Task<ServicePlan> PlanRemovalAsync() => TeredoServiceSetup.PlanRemovalAsync(_machine, TeredoService.Server, default);

    async Task SetUpAsync(TeredoServiceOptions? options = null) => await (await PlanAsync(options)).ApplyAsync();

    async Task RemoveAsync() => await (await PlanRemovalAsync()).ApplyAsync();

    static string[] SentencesOf(ServicePlan plan) => [.. plan.Steps.Select(step => step.Sentence)];

    static string[] IdsOf(ServicePlan plan) => [.. plan.Findings.Select(finding => finding.Id)];

    [TestCase(LinuxFirewall.None, "write unit", "daemon-reload", "enable", "restart")]
    [TestCase(LinuxFirewall.Firewalld, "write unit", "daemon-reload", "write policy", "firewall-cmd --zone=public --add-port=3544/udp",
        "firewall-cmd --zone=guests --add-port=3544/udp", "enable", "restart")]
    [TestCase(LinuxFirewall.Ufw, "write unit", "daemon-reload", "ufw allow proto udp from any to 0.0.0.0/0 port 3544 comment teredosdk teredo-server", "enable", "restart")]
    [TestCase(LinuxFirewall.Nftables, "write firewall unit", "daemon-reload", "write unit", "daemon-reload",
        "nft insert rule inet t input meta nfproto ipv4 udp dport 3544 accept comment \"teredosdk teredo-server\"",
        "nft insert rule ip more input udp dport 3544 accept comment \"teredosdk teredo-server\"", "enable firewall", "enable", "restart")]
    public async Task Setup_ChangesOneThingAfterTheOther_ASecondOneNothing_AndTheRemovalLeavesNothing(LinuxFirewall firewall, params string[] changes)
    {
        _machine.Install(firewall);
        string before = _machine.Snapshot;
        var plan = await PlanAsync();
        Assert.That((plan.IsSatisfied, plan.IsComplete, plan.Findings.Count), Is.EqualTo((false, true, 0)));
        List<ServiceStepOutcome> outcomes = [];
        await plan.ApplyAsync(new Inline(outcomes));
        Assert.That(outcomes, Is.EqualTo(Enumerable.Repeat(ServiceStepOutcome.Applied, plan.Steps.Count)));
        Assert.That(_machine.Changes.Where(change => change != $"write {Record}").Select(Short), Is.EqualTo(changes));
        Assert.That(_machine.Enabled, Does.Contain(Unit));
        Assert.That(_machine.Running, Is.EqualTo(new[] { Unit }));

        string set = _machine.Snapshot;
        var again = await PlanAsync();
        Assert.That(again.IsSatisfied, Is.True, () => string.Join('\n', again.Steps));
        Assert.That(again.Digest, Is.Not.EqualTo(plan.Digest));
        outcomes.Clear();
        await again.ApplyAsync(new Inline(outcomes));
        Assert.That(outcomes, Is.EqualTo(Enumerable.Repeat(ServiceStepOutcome.Satisfied, plan.Steps.Count)));
        Assert.That(_machine.Snapshot, Is.EqualTo(set));

        var removal = await PlanRemovalAsync();
        Assert.That((removal.IsSatisfied, removal.Findings.Count, removal.Steps.Count), Is.EqualTo((false, 0, plan.Steps.Count)));
        Assert.That(removal.Steps[0].Sentence, Is.EqualTo($"Stop {Unit}."), "the last first");
        await removal.ApplyAsync();
        Assert.That(_machine.Snapshot, Is.EqualTo(before));
        var nothing = await PlanRemovalAsync();
        Assert.That((nothing.IsSatisfied, nothing.Steps.Count, nothing.Findings.Count), Is.EqualTo((true, 0, 0)));
    }

    static string Short(string change) => change.Replace(UnitPath, "unit", StringComparison.Ordinal).Replace(FirewallUnitPath, "firewall unit", StringComparison.Ordinal)
        .Replace(Policy, "policy", StringComparison.Ordinal).Replace($" {FirewallUnit}", " firewall", StringComparison.Ordinal)
        .Replace($" {Unit}", "", StringComparison.Ordinal).Replace("systemctl ", "", StringComparison.Ordinal);

    [Test]
    public async Task Steps_AreToldInWords()
    {
        _machine.Install(LinuxFirewall.Firewalld);
        Assert.That(SentencesOf(await PlanAsync()), Is.EqualTo(new[]
        {
            WithUnit[0], $"Write firewalld's policy {Policy}, which lets the port in after each restart.", "Open UDP port 3544 in firewalld's zone public, until its next restart.",
            "Open UDP port 3544 in firewalld's zone guests, until its next restart.", WithUnit[1], WithUnit[2],
        }));
        await SetUpAsync();
        Assert.That(SentencesOf(await PlanRemovalAsync()), Is.EqualTo(new[]
        {
            $"Stop {Unit}.", $"{Unit} no longer starts with the machine.", "Close UDP port 3544 in firewalld's zone guests.", "Close UDP port 3544 in firewalld's zone public.",
            $"Remove firewalld's policy {Policy}.", $"Remove the unit {UnitPath}.",
        }));
    }

    // The same machine fails at each of the changes, before it or after it.
    [Test]
    public async Task Failure_AtEachChange_LeavesNothing([Values(LinuxFirewall.Firewalld, LinuxFirewall.Ufw, LinuxFirewall.Nftables)] LinuxFirewall firewall, [Values] bool removes)
    {
        _machine.Install(firewall);
        if (removes)
            await SetUpAsync();
        string before = _machine.Snapshot;
        for (int at = 1, count = int.MaxValue; at < count; at++)
        {
            _machine.Changes.Clear();
            _machine.OnChange = number =>
            {
                if (number == at)
                    throw new TeredoException(TeredoError.SetupFailed, "Injected.");
            };
            var plan = await (removes ? PlanRemovalAsync() : PlanAsync());
            List<ServiceStepOutcome> outcomes = [];
            try
            {
                await plan.ApplyAsync(new Inline(outcomes));
                count = at; // it needs no more changes
                Assert.That(at, Is.GreaterThan(plan.Steps.Count));
            }
            catch (TeredoException e)
            {
                Assert.That(e.Message, Is.EqualTo("Injected. All completed steps were undone."));
                Assert.That(_machine.Snapshot, Is.EqualTo(before), $"change {at}");
                Assert.That(outcomes.Count(outcome => outcome == ServiceStepOutcome.Undone), Is.GreaterThanOrEqualTo(outcomes.Count(outcome => outcome == ServiceStepOutcome.Applied)));
            }
        }
    }

    [Test]
    public async Task Failure_ThatCannotBeUndone_IsTold_AndTheRecordKept()
    {
        _machine.OnChange = number =>
        {
            if (number >= 6) // the enabling, and all that undoes
                throw new TeredoException(TeredoError.SetupFailed, $"Injected {number}.");
        };
        var plan = await PlanAsync();
        var e = Assert.ThrowsAsync<TeredoException>(() => plan.ApplyAsync())!;
        Assert.That(e.Message, Does.Match(@"^Injected 6\. Not all earlier steps could be undone: Injected \d+\.( Injected \d+\.)* The record is kept\. Solve these problems, then run the removal\.$"));
        Assert.That(_machine.ReadFile(Record), Does.Contain(Unit));
        _machine.OnChange = _ => { };
        await RemoveAsync();
        Assert.That(_machine.ReadFile(UnitPath), Is.Null);
        Assert.That(_machine.ReadFile(Record), Is.Null);
    }

    [Test]
    public async Task StepWithoutAnEffect_IsAFailure()
    {
        _machine.Answers[$"systemctl enable {Unit}"] = new(0, "", "");
        string before = _machine.Snapshot;
        var plan = await PlanAsync();
        Assert.That(Assert.ThrowsAsync<TeredoException>(() => plan.ApplyAsync())!.Message,
            Is.EqualTo($"This step had no effect: {WithUnit[1]} All completed steps were undone."));
        Assert.That(_machine.Snapshot, Is.EqualTo(before));
    }

    [Test]
    public async Task Cancelling_UndoesWhatWasDone()
    {
        using var cancellation = new CancellationTokenSource();
        _machine.OnChange = number =>
        {
            if (number == 3)
                cancellation.Cancel();
        };
        string before = _machine.Snapshot;
        var plan = await PlanAsync();
        Assert.CatchAsync<OperationCanceledException>(() => plan.ApplyAsync(null, cancellation.Token));
        Assert.That(_machine.Snapshot, Is.EqualTo(before));
        Assert.That(_machine.Enabled, Is.Empty);
    }

    [Test]
    public async Task WhoeverWasQuicker_IsNotOverwritten()
    {
        var plan = await PlanAsync();
        _machine.Enabled.Add(Unit);
        Assert.That(Assert.ThrowsAsync<TeredoException>(() => plan.ApplyAsync())!.Message, Does.Contain($"was quicker: enabled {Unit} is no longer as it was"));
        _machine.Enabled.Clear();
        await SetUpAsync();
        Assert.That(Assert.ThrowsAsync<TeredoException>(() => plan.ApplyAsync())!.Message, Does.Contain("Another setup of this service was applied after the plan was made."));
    }

    [Test]
    public async Task PlanWithoutRights_ChangesNothing_AndNamesTheCommand()
    {
        _machine.Elevated = false;
        var plan = await PlanAsync();
        var e = Assert.ThrowsAsync<TeredoException>(() => plan.ApplyAsync())!;
        Assert.That((e.Error, plan.IsElevated, _machine.Changes.Count), Is.EqualTo((TeredoError.AccessDenied, false, 0)));
        Assert.That(e.Message, Does.EndWith($"Run: sudo {FakeLinux.Program} setup --service server --yes -- --address 203.0.113.1"));
    }

    [Test]
    public async Task FirewallThatOnlyRootMayRead_IsTold_AndTheServicePlannedAnyway([Values] bool isElevated)
    {
        _machine.Install(LinuxFirewall.Nftables);
        _machine.Answers["nft -j list ruleset"] = new(1, "", "Operation not permitted\n");
        _machine.Elevated = isElevated;
        if (isElevated)
        {
            Assert.That(Assert.ThrowsAsync<TeredoException>(() => PlanAsync())!.Message, Is.EqualTo("The rules of nftables can't be read: Operation not permitted."));
            return;
        }
        var plan = await PlanAsync();
        Assert.That(IdsOf(plan), Is.EqualTo(new[] { FindingIds.SetupFirewallUnread }));
        Assert.That(SentencesOf(plan), Is.EqualTo(WithUnit));
        Assert.That(plan.IsComplete, Is.False);
    }

    [TestCase("--get-active-zones"), TestCase("--get-default-zone")]
    public void ZonesThatCannotBeRead_EndThePlan(string question)
    {
        _machine.Install(LinuxFirewall.Firewalld);
        _machine.Answers[$"firewall-cmd {question}"] = new(1, "public\n", "no\n");
        var e = Assert.ThrowsAsync<TeredoException>(() => PlanAsync())!;
        Assert.That(e.Error, Is.EqualTo(TeredoError.FirewallUnavailable));
        Assert.That(e.Message, Does.StartWith("The zones of firewalld can't be read: "));
    }

    [TestCase(LinuxFirewall.Auto, true)]
    [TestCase(LinuxFirewall.None, false)]
    public async Task ServiceWithoutAPort_GetsNoException(LinuxFirewall firewall, bool isTold)
    {
        _machine.Install(LinuxFirewall.Ufw);
        var plan = await PlanAsync(new() { Service = TeredoService.Relay, ProgramPath = FakeLinux.Program, Firewall = firewall });
        Assert.That(IdsOf(plan), Is.EqualTo(isTold ? new[] { FindingIds.SetupNoServicePort } : []));
        Assert.That((plan.Steps.Count, plan.IsComplete), Is.EqualTo((3, true)));
    }

    [Test]
    public async Task MachineWithoutSystemd_IsToldApart_FromOneThatDoesNotRunIt()
    {
        _machine.Unboot();
        var plan = await PlanAsync();
        Assert.That(IdsOf(plan), Is.EqualTo(new[] { FindingIds.SetupNotBooted }));
        Assert.That(SentencesOf(plan), Is.EqualTo(WithUnit[..2]));
        await plan.ApplyAsync();
        Assert.That(_machine.Changes, Does.Not.Contain("systemctl daemon-reload"));
        File.Delete(_machine.At("/usr/bin/systemctl"));
        Assert.That(Assert.ThrowsAsync<TeredoException>(() => PlanAsync())!.Message, Does.StartWith("This machine has no systemd").And.EndsWith("Run teredo server by what starts programs here."));
    }

    [TestCase("nat", false)]
    [TestCase("filter\nnat", true)]
    public async Task OldTables_AreToldOf(string names, bool isTold)
    {
        _machine.Install(LinuxFirewall.Ufw);
        _machine.Put("/proc/net/ip_tables_names", names);
        Assert.That(IdsOf(await PlanAsync()), Is.EqualTo(isTold ? new[] { FindingIds.SetupLegacyIptables } : []));
    }

    [Test]
    public async Task UnitOfSomebodyElse_IsLeftAlone_ButOneWithOurMarkIsOurs()
    {
        _machine.Put(UnitPath, "[Unit]\n");
        _machine.Enabled.Add(Unit);
        _machine.Running.Add(Unit);
        Assert.That(Assert.ThrowsAsync<TeredoException>(() => PlanAsync())!.Message, Does.StartWith($"There is a unit {Unit} that no setup made."));
        Assert.That((await PlanRemovalAsync()).Steps, Is.Empty, "it is not stopped either");
        _machine.Enabled.Clear();
        _machine.Running.Clear();
        _machine.Put(UnitPath, $"{UnitSetting.Mark}\nOld.\n");
        await SetUpAsync(); // a lost record had made it
        await RemoveAsync();
        Assert.That(_machine.ReadFile(UnitPath), Is.Null);
    }

    [Test]
    public async Task UnitThatWasChangedByHand_IsOverwritten_AndLeftAloneByARemoval()
    {
        await SetUpAsync();
        _machine.Put(UnitPath, $"{UnitSetting.Mark}\nBy hand.\n");
        var plan = await PlanAsync();
        Assert.That(IdsOf(plan), Is.EqualTo(new[] { FindingIds.SetupUnitChanged }));
        Assert.That(plan.Steps.Select(step => step.IsSatisfied), Is.EqualTo(new[] { false, true, false }), "the running process has the former command line");
        await plan.ApplyAsync();
        Assert.That(_machine.ReadFile(UnitPath), Does.Contain("ExecStart="));

        _machine.Put(UnitPath, "Without the mark.");
        var removal = await PlanRemovalAsync();
        Assert.That(IdsOf(removal), Is.EqualTo(new[] { FindingIds.SetupLeftAlone }));
        Assert.That(removal.IsComplete, Is.False);
        await removal.ApplyAsync();
        Assert.That(_machine.ReadFile(UnitPath), Is.EqualTo("Without the mark."));
        Assert.That(_machine.ReadFile(Record), Does.Contain(Unit).And.Not.Contain("running"), "the record keeps it");
    }

    [Test]
    public async Task OtherPort_ClosesTheFormerOne()
    {
        _machine.Install(LinuxFirewall.Ufw);
        await SetUpAsync();
        var options = Server;
        options.UdpPort = 4444;
        var plan = await PlanAsync(options);
        Assert.That(plan.Steps.Where(step => !step.IsSatisfied).Select(step => step.Sentence), Is.EqualTo(new[]
        {
            "Remove ufw's rule for UDP port 3544.", "Add a rule to ufw: UDP port 4444 is let in.",
        }));
        await plan.ApplyAsync();
        Assert.That(_machine.Ufw, Does.Contain($"ufw allow 4444/udp comment '{Comment}'").And.Not.Contain($"ufw allow 3544/udp comment '{Comment}'"));
    }

    [TestCase("ufw allow 3544/udp")]
    [TestCase("ufw allow 3544/udp comment 'by hand'")]
    public async Task RuleOfTheAdministrator_Stays(string rule)
    {
        _machine.Install(LinuxFirewall.Ufw);
        _machine.Ufw.Add(rule);
        var plan = await PlanAsync();
        Assert.That((plan.Steps[1].Sentence, plan.Steps[1].IsSatisfied), Is.EqualTo(("Leave ufw's rule for UDP port 3544 to the administrator.", true)));
        await plan.ApplyAsync();
        await RemoveAsync();
        Assert.That(_machine.Ufw, Does.Contain(rule));
    }

    [Test]
    public async Task WhatWasRemovedMeanwhile_StaysRemoved_AndTheRecordGoes()
    {
        await SetUpAsync();
        foreach (var gone in new[] { _machine.Enabled, _machine.Running })
            gone.Clear();
        File.Delete(_machine.At(UnitPath));
        var removal = await PlanRemovalAsync();
        Assert.That((removal.IsSatisfied, removal.Steps.All(step => step.IsSatisfied)), Is.EqualTo((false, true)), "the record is left");
        await removal.ApplyAsync();
        Assert.That(_machine.ReadFile(Record), Is.Null);
    }

    [Test]
    public async Task WithoutARecord_WhatBearsTheMarkIsRemoved([Values(LinuxFirewall.Firewalld, LinuxFirewall.Ufw, LinuxFirewall.Nftables)] LinuxFirewall firewall,
        [Values] bool isDamaged, [Values] bool isBooted)
    {
        _machine.Install(firewall);
        string before = _machine.Snapshot;
        await SetUpAsync();
        if (isDamaged)
            _machine.Put(Record, "{");
        else
            File.Delete(_machine.At(Record));
        if (!isBooted)
            _machine.Unboot();
        var removal = await PlanRemovalAsync();
        Assert.That(IdsOf(removal), Is.EqualTo(isDamaged ? new[] { FindingIds.SetupRecordDamaged, FindingIds.SetupNoRecord } : [FindingIds.SetupNoRecord]));
        await removal.ApplyAsync();
        if (isDamaged)
            File.Delete(_machine.At(Record + ".unused"));
        _machine.OpenPorts?.Clear(); // they close with firewalld's next restart
        if (!isBooted)
            _machine.Running.Clear();
        Assert.That(_machine.Snapshot, Is.EqualTo(before));
    }

    [Test]
    public async Task PolicyThatFirewalldHasLoaded_IsClosedAtOnce()
    {
        _machine.Install(LinuxFirewall.Firewalld);
        await SetUpAsync();
        _machine.RichRules.Add("teredo-server rule family=\"ipv4\" port port=\"3544\" protocol=\"udp\" accept");
        await RemoveAsync();
        Assert.That(_machine.RichRules, Is.Empty);
    }

    sealed class Inline(List<ServiceStepOutcome> outcomes) : IProgress<ServiceProgress>
    {
        public void Report(ServiceProgress value) => outcomes.Add(value.Outcome);
    }
}
