using TeredoSdk.Doctor;
using TeredoSdk.Protocol.Wire;

namespace TeredoSdk.Tests.Doctor;

/// <summary>How a doctor asks servers, and what counts as an answer.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class ServerProbeTests : IAsyncDisposable
{
    const string Client = "203.0.113.10", Secondary = "192.0.2.2";

    static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    readonly Lab _lab = new();

    public ValueTask DisposeAsync() => _lab.DisposeAsync();

    Task<IReadOnlyList<Finding>> BeginAsync(Action<TeredoOptions>? configure = null)
    {
        var options = _lab.Options;
        configure?.Invoke(options);
        return new ServerProbe(options, _lab.Network.Host(Client)).AskAsync(default);
    }

    [TestCase(60, 0, 1, 3, 5)]
    [TestCase(1.5, 0, 1, 2.5, 4)]
    public async Task SilentServer_IsAskedThreeTimesAtEachAddress(double timeout, double first, double second, double third, double end)
    {
        List<(string Target, double Seconds)> asked = [];
        _lab.Network.Passes = (_, target, payload) =>
        {
            lock (asked)
                asked.Add(($"{target}", _lab.Time.Elapsed.TotalSeconds));
            return false;
        };
        var asking = BeginAsync(options => options.QualificationTimeout = Second * timeout);
        _lab.Time.Advance(Second * (end - 0.1));
        Assert.That(asking.IsCompleted, Is.False);
        _lab.Time.Advance(Second * 0.1);
        var findings = await asking.InTime();
        foreach (string address in new[] { Lab.ServerAddress, Secondary })
            Assert.That(asked.Where(one => one.Target == $"{address}:3544").Select(one => one.Seconds), Is.EqualTo(new[] { first, second, third }), address);
        Assert.That(findings.Select(finding => (finding.Id, finding.Severity, finding.Error)),
            Is.EqualTo(new[] { (FindingIds.ServerSilent, FindingSeverity.Error, (TeredoError?)TeredoError.ServerUnreachable) }));
        Assert.That(findings[0].Evidence, Is.EqualTo(new[] { Lab.ServerAddress, Secondary }.Select(address => $"{address}, UDP port 3544, answered none of 3 router solicitations")));
    }

    [Test]
    public async Task ServerThatAnswers_IsNoFinding()
    {
        _lab.StartServer();
        Assert.That(await BeginAsync().InTime(), Is.Empty, "no time passes");
    }

    [Test]
    public async Task SecondaryAddressThatIsSilent_IsAWarning_WithWhatThePrimaryAnswered()
    {
        _lab.StartServer();
        _lab.Network.Passes = (_, target, _) => $"{target.Address}" != Secondary;
        var asking = BeginAsync();
        _lab.Time.Advance(5 * Second);
        var finding = (await asking.InTime()).Single();
        Assert.That((finding.Id, finding.Severity), Is.EqualTo((FindingIds.ServerSecondarySilent, FindingSeverity.Warning)));
        Assert.That(finding.Evidence[0], Does.StartWith($"{Lab.ServerAddress} answered, and saw this machine at {Client}:"));
    }

    // indicator 16 | lengths 8, 8 | nonce 64 | confirmation 8 | origin: indicator 16, port 16, address 32 | advertisement
    [TestCase(4, TestName = "Answer_WithAnotherNonce_IsNone")]
    [TestCase(11, TestName = "Answer_WithTheLastOctetOfTheNonceChanged_IsNone")]
    [TestCase(14, TestName = "Answer_WithoutOrigin_IsNone")]
    [TestCase(61, TestName = "Answer_ThatIsNoAdvertisement_IsNone")]
    public async Task Answer_WithAnOctetChanged_IsNone(int at)
    {
        _lab.StartServer();
        _lab.Network.Passes = (source, _, payload) =>
        {
            if (source.Port == TeredoPorts.Server)
                payload[at] ^= 1;
            return true;
        };
        var asking = BeginAsync();
        _lab.Time.Advance(5 * Second);
        Assert.That((await asking.InTime()).Select(finding => finding.Id), Is.EqualTo(new[] { FindingIds.ServerSilent }));
    }

    [Test]
    public async Task SilentServer_BesideOneThatAnswers_IsAWarning()
    {
        _lab.StartServer();
        var asking = BeginAsync(options => options.Servers = [Lab.SecondServerAddress, Lab.ServerAddress]);
        _lab.Time.Advance(5 * Second);
        Assert.That((await asking.InTime()).Select(finding => (finding.Id, finding.Severity)), Is.EqualTo(new[] { (FindingIds.ServerSilent, FindingSeverity.Warning) }));
    }

    [Test]
    public async Task AddressThatIsNotPublic_IsNotAsked()
    {
        int sent = 0;
        _lab.Network.Passes = (_, _, _) => ++sent > 0;
        var findings = await BeginAsync(options => (options.Servers, options.AllowPrivateAddresses) = (["192.168.0.1"], false)).InTime();
        Assert.That(findings.Select(finding => finding.Id), Is.EqualTo(new[] { FindingIds.ServerNotResolved }));
        Assert.That((findings[0].Evidence.Single(), sent), Is.EqualTo(("192.168.0.1 is 192.168.0.1, which is no public address", 0)));
    }
}
