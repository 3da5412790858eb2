using TeredoSdk.Doctor;

namespace TeredoSdk.Tests.Linux;

/// <summary>How a doctor asks its questions: side by side, for 15 seconds at most, and no longer than the caller wants.</summary>
public class ProbesTests
{
    static readonly Finding Something = new() { Id = "some.thing", Severity = FindingSeverity.Note, Subject = "a", Problem = "b" };

    readonly ManualTime _time = new();
    readonly Progress _progress = new();

    [Test]
    public async Task Findings_ComeInTheOrderOfTheQuestions()
    {
        var first = new TaskCompletionSource<IReadOnlyList<Finding>>();
        var all = AskAsync(default, new("slow", _ => first.Task), new("quick", _ => Task.FromResult<IReadOnlyList<Finding>>([Something])));
        first.SetResult([Something with { Id = "first.thing" }]);
        Assert.That((await all).Select(finding => finding.Id), Is.EqualTo(new[] { "first.thing", "some.thing" }));
    }

    [Test]
    public async Task QuestionWithoutAnAnswer_IsToldAsNotChecked_AfterTheLimit()
    {
        var answered = new TaskCompletionSource();
        _progress.Answered = _ => answered.SetResult();
        var all = AskAsync(default, new("deaf", _ => new TaskCompletionSource<IReadOnlyList<Finding>>().Task),
            new("quick", _ => Task.FromResult<IReadOnlyList<Finding>>([Something])));
        await answered.Task.WaitAsync(Patience.Limit); // on another thread
        _time.Advance(Probes.Limit - TimeSpan.FromTicks(1));
        Assert.That(all.IsCompleted, Is.False);
        _time.Advance(TimeSpan.FromTicks(1));
        var findings = await all.WaitAsync(Patience.Limit);
        Assert.That(findings.Select(finding => (finding.Id, finding.Subject)), Is.EqualTo(new[] { ("doctor.not-checked", "deaf"), ("some.thing", "a") }));
    }

    [Test]
    public void Caller_WhoGivesUp_WaitsNoLonger()
    {
        using var giving = new CancellationTokenSource();
        var all = AskAsync(giving.Token, new Probe("deaf", _ => new TaskCompletionSource<IReadOnlyList<Finding>>().Task));
        giving.Cancel();
        Assert.That(async () => await all.WaitAsync(Patience.Limit), Throws.InstanceOf<OperationCanceledException>());
    }

    [Test]
    public async Task QuestionThatFails_IsToldAsNotChecked()
    {
        var findings = await AskAsync(default, new Probe("broken", _ => throw new IOException("no such thing")));
        Assert.That(findings.Single().Id, Is.EqualTo("doctor.not-checked"));
        Assert.That(findings.Single().Evidence, Is.EqualTo(new[] { "no such thing" }));
    }

    Task<IReadOnlyList<Finding>> AskAsync(CancellationToken cancellationToken, params Probe[] probes) => Probes.AskAsync(probes, _progress, _time, cancellationToken);

    sealed class Progress : IProgress<string>
    {
        public Action<string>? Answered { get; set; }

        public void Report(string value) => Answered?.Invoke(value);
    }
}
