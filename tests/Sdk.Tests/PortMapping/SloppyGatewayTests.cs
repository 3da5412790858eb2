using System.Buffers.Binary;
using TeredoSdk.Engine.PortMapping;
using TeredoSdk.Protocol;
using TeredoSdk.Telemetry;

namespace TeredoSdk.Tests.PortMapping;

/// <summary>UPnP with gateways as public bug reports describe them.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class SloppyGatewayTests : IAsyncDisposable
{
    readonly LoopbackGateway _gateway = new();
    readonly FakeIgd _igd;

    public SloppyGatewayTests() => _igd = new(_gateway);

    public ValueTask DisposeAsync() => _gateway.DisposeAsync();

    // Nobody listens at the PCP port, so that is over at once.
    Task<MappingResult> MapAsync() => _gateway.Mapper.MapAsync(_gateway.Client, _gateway.Client.Port, default).InTime();

    [TestCase(402, "3600")]
    [TestCase(501, "3600")]
    [TestCase(402, "0")]
    [TestCase(501, "0")]
    [TestCase(725, "0")]
    public async Task LeaseThatTheGatewayDislikes_IsAskedForShorterAndThenForEver(int error, string liked)
    {
        _igd.AddError = (_, lease) => lease == liked ? 0 : error;
        _igd.Listen();
        await using var lease = (await MapAsync()).Lease!;
        string[] tried = error == 725 ? ["7200", "0"] : liked == "0" ? ["7200", "3600", "0"] : ["7200", "3600"];
        Assert.That(_igd.Calls.Where(call => call.Action == "AddPortMapping").Select(call => call.Lease), Is.EqualTo(tried));
        Assert.That(_igd.Table.Values.Single().Lease, Is.EqualTo(liked));
    }

    [Test]
    public async Task ShorterLease_IsRenewedInItsHalf()
    {
        _igd.AddError = (_, lease) => lease == "3600" ? 0 : 501;
        _igd.Listen();
        await using var lease = (await MapAsync()).Lease!;
        _ = _gateway.Requests;
        for (int minutes = 5; minutes < 30; minutes += 5)
        {
            await _gateway.UntilArmedAsync(TimeSpan.FromMinutes(4.9), TimeSpan.FromMinutes(5));
            _gateway.Time.Advance(TimeSpan.FromMinutes(5));
            Assert.That(await _gateway.NextRequestAsync(), Is.EqualTo("GetSpecificPortMappingEntry"));
        }
        await _gateway.UntilArmedAsync(TimeSpan.FromMinutes(4.9), TimeSpan.FromMinutes(5));
        _gateway.Time.Advance(TimeSpan.FromMinutes(5));
        Assert.That(await _gateway.NextRequestAsync(), Is.EqualTo("GetExternalIPAddress"));
    }

    [Test]
    public async Task MappingThatAnotherHostHasTaken_IsAskedForAgain()
    {
        _igd.Listen();
        await using var lease = (await MapAsync()).Lease!;
        _ = _gateway.Requests;
        string port = $"{_gateway.Client.Port}";
        _igd.Table[port] = new("192.0.2.99", port, "game", "0");
        await _gateway.UntilArmedAsync(TimeSpan.FromMinutes(4.9), TimeSpan.FromMinutes(5));
        _gateway.Time.Advance(TimeSpan.FromMinutes(5));
        foreach (string request in new[] { "GetSpecificPortMappingEntry", "GetExternalIPAddress", "AddPortMapping", "AddPortMapping" })
            Assert.That(await _gateway.NextRequestAsync(), Is.EqualTo(request));
    }

    [Test]
    public async Task ManyAnswersOfOthers_DoNotEndTheSearch()
    {
        string[] noise = [.. Enumerable.Range(0, 100).Select(i => FakeIgd.SearchAnswer($"http://192.0.2.{i}/x"))];
        _igd.BeforeSearchAnswer = () => _gateway.SendFrom(new(new(_gateway.Address.Value + 7), 1900), noise);
        _igd.Listen();
        await using var lease = (await MapAsync()).Lease;
        Assert.That(lease?.Protocol, Is.EqualTo("UPnP IGD"));
        Assert.That(_gateway.Remote!.Port, Is.GreaterThan(1023), "any port, and none that only root may use");
    }

    // After 4096 datagrams the gateway alone is listened to.
    [Test]
    [Platform("Linux")]
    public async Task FloodOfAnswers_EndsTheReadingOfOthers_AndNotOfTheGateway()
    {
        string[] noise = [.. Enumerable.Repeat("noise", 128)]; // they fit into the receive buffer
        _gateway.HttpAddress = new(_gateway.Address.Value + 2);
        _igd.AnswersSearch = false;
        _igd.BeforeSearchAnswer = () =>
        {
            for (int sent = 0; sent < 4096; sent += noise.Length)
                SendAndWait(_gateway.Address.Value + 7, noise);
            SendAndWait(_gateway.HttpAddress.Value, FakeIgd.SearchAnswer(_igd.Location));
            _gateway.SendFrom(new(_gateway.Address, 1901), FakeIgd.SearchAnswer($"http://{_gateway.Address}:1/igd.xml"));
        };
        bool isRead = false;
        _igd.Describe = right =>
        {
            isRead = true;
            return right;
        };
        _igd.Listen();
        Assert.That(await _gateway.DescriptionProblemAsync(), Does.Contain("its description could not be fetched"));
        Assert.That(isRead, Is.False, "the other host has a sound one");

        void SendAndWait(uint host, params string[] texts)
        {
            _gateway.SendFrom(new(new(host), 1900), texts);
            // proc(5): "sl: local remote state transmitted:received ...", the addresses in the machine's own order of octets
            string ours = $" {BinaryPrimitives.ReverseEndianness(IPv4Address.FromIPAddress(_gateway.Remote!.Address).Value):X8}:{_gateway.Remote.Port:X4} ";
            Assert.That(() => File.ReadLines("/proc/net/udp").Single(line => line.Contains(ours, StringComparison.Ordinal)),
                Does.Contain(":00000000 00:").After((int)Patience.Limit.TotalMilliseconds, 1), "all are taken");
        }
    }

    [TestCase(8, 1, 0)]
    [TestCase(9, 1, 1)] // eight other hosts are asked, and the gateway whatever came before
    [TestCase(1, 16, 0)]
    [TestCase(1, 17, 1)] // sixteen descriptions of each
    public async Task TooManyHostsOrDescriptions_AreNotRead(int hosts, int descriptions, int unread)
    {
        var log = new Recorder();
        _igd.BeforeSearchAnswer = () =>
        {
            for (int host = 2; host < 2 + hosts; host++)
            {
                var other = new IPv4Address(_gateway.Address.Value + (uint)host);
                _gateway.SendFrom(new(other, 1900), [.. Enumerable.Range(0, descriptions).Select(i => FakeIgd.SearchAnswer($"http://{other}:1/{i}"))]);
            }
        };
        _igd.Listen();
        var found = await UpnpSearch.FindAsync(_gateway.Path with { Log = log }, default).InTime();
        Assert.That(found.Services.Select(service => service.Control.Host), Is.EqualTo(new[] { $"{_gateway.Address}" }));
        Assert.That(log.Of(EventIds.UpnpAnswerIgnored).Count(text => text.Contains("enough answers", StringComparison.Ordinal)), Is.EqualTo(unread));
    }

    [Test]
    public async Task Noise_IsLoggedUpToALimit()
    {
        var log = new Recorder();
        _igd.BeforeSearchAnswer = () => _gateway.SendFrom(new(new(_gateway.Address.Value + 7), 1900), [.. Enumerable.Repeat("noise", 40)]);
        _igd.Listen();
        await UpnpSearch.FindAsync(_gateway.Path with { Log = log }, default).InTime();
        Assert.That(log.Of(EventIds.UpnpAnswerIgnored), Has.Count.EqualTo(32));
    }

    [Test]
    public async Task NoiseFromTheGateway_IsLoggedUpToALimit_AndTheAnswerAfterItCounts()
    {
        var log = new Recorder();
        _gateway.Udp = _ =>
        {
            for (int i = 0; i < 40; i++)
                _gateway.SendUdp([1]);
            return [2];
        };
        _gateway.Listen();
        var path = _gateway.Path with { Log = log };
        Assert.That(await path.AskAsync<Answer>(new byte[1], octets => octets[0] == 2 ? new Answer() : null, default).InTime(), Is.Not.Null);
        Assert.That(log.Of(EventIds.GatewayAnswerIgnored), Has.Count.EqualTo(32));
    }

    readonly record struct Answer : IGatewayAnswer
    {
        public bool IsHint => false;
    }

    [Test]
    public async Task AnswersThatAreDead_TheNextOneIsTried()
    {
        _igd.BeforeSearchAnswer = () => _gateway.SendFrom(new(_gateway.Address, 1901),
            FakeIgd.SearchAnswer($"http://{_gateway.Address}:1/igd.xml"), FakeIgd.SearchAnswer($"http://{_gateway.Address}:{_gateway.HttpPort}/none.xml"));
        _igd.Listen();
        await using var lease = (await MapAsync()).Lease;
        Assert.That(lease?.Protocol, Is.EqualTo("UPnP IGD"));
    }

    [Slow]
    [Test]
    public async Task GatewayThatAnswersFromItsOtherAddressOnTheLink_IsUsedThere()
    {
        _gateway.HttpAddress = new(_gateway.Address.Value + 2);
        _igd.AnswersSearch = false;
        _igd.BeforeSearchAnswer = () => _gateway.SendFrom(new(_gateway.HttpAddress, 1900), FakeIgd.SearchAnswer(_igd.Location));
        _igd.Listen();
        // In real time: the gateway's own answer is waited for, and a second must not pass before this one is read.
        var mapping = _gateway.MapperWith(TimeProvider.System).MapAsync(_gateway.Client, _gateway.Client.Port, default);
        await using var lease = (await mapping.InTime()).Lease;
        Assert.That(lease?.Protocol, Is.EqualTo("UPnP IGD"));
        Assert.That(_igd.Table, Has.Count.EqualTo(1));
    }

    [Test]
    public async Task ServicesOfTheGateway_ComeFirst_WhoeverAnswersFirst()
    {
        _gateway.HttpAddress = default; // any
        _igd.AnswersSearch = false;
        var other = new IPv4Address(_gateway.Address.Value + 2);
        _igd.BeforeSearchAnswer = () => _gateway.SendFrom(new(other, 1900), FakeIgd.SearchAnswer($"http://{other}:{_gateway.HttpPort}/igd.xml"));
        _igd.Listen();
        var finding = UpnpSearch.FindAsync(_gateway.Path, default);
        await _gateway.UntilArmedAsync(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1)); // the other's are found, and the gateway is waited for
        _gateway.SendFrom(new(_gateway.Address, 1901), FakeIgd.SearchAnswer($"http://{_gateway.Address}:{_gateway.HttpPort}/igd.xml"));
        var found = await finding.InTime();
        Assert.That(found.Services.Select(service => service.Control.Host), Is.EqualTo(new[] { $"{_gateway.Address}", $"{other}" }));
    }

    [Test]
    public async Task HostThatIsNotOnTheLink_IsToldAndNotUsed()
    {
        var other = new IPv4Address(_gateway.Address.Value ^ 0x0000_8000);
        _igd.BeforeSearchAnswer = () => _gateway.SendFrom(new(other, 1900), FakeIgd.SearchAnswer($"http://{other}:80/igd.xml"));
        _igd.Listen();
        var found = await UpnpSearch.FindAsync(_gateway.Path, default).InTime();
        Assert.That(found.Problem, Does.Contain($"answers from another address, {other}, which is not on the link"));
        Assert.That(found.Services.Select(service => service.Control.Host), Is.EqualTo(new[] { $"{_gateway.Address}" }));
    }

    [Test]
    public async Task DescriptionThatPointsToAnotherHost_IsNotFollowed()
    {
        _igd.Describe = right => right.Replace(">/control<", $">http://{_gateway.Client.Address}:{_gateway.HttpPort}/control<", StringComparison.Ordinal);
        _igd.Listen();
        Assert.That(await _gateway.DescriptionProblemAsync(), Does.Contain("names no service that maps ports"));
    }

    [TestCase("\r\n\r\n", "", "", "")]
    [TestCase("\uFEFF\n", "", "", "")]
    [TestCase("", "\0\0\0", "", "")]
    [TestCase("", "", "Router", "Ro\0uter")]
    [TestCase("", "", "Router", "Tom < Jerry's \"A&B\" <")]
    [TestCase("", "", "Router", "<Router")]
    [TestCase("", "", "</specVersion>", "</specVersion><URLBase>http://0.0.0.0:0/</URLBase>")]
    [TestCase("", "", "</specVersion>", "</specVersion><URLBase>http://192.168.1.1/</URLBase>")]
    [TestCase("", "", "</specVersion>", "</specVersion><URLBase>http://GATEWAY:1/</URLBase>")]
    [TestCase("", "", "</specVersion>", "</specVersion><URLBase>?</URLBase>")]
    public async Task SloppyDescription_IsRead(string before, string after, string text, string instead)
    {
        _igd.Describe = right => before
            + (text.Length == 0 ? right : right.Replace(text, instead.Replace("GATEWAY", $"{_gateway.Address}", StringComparison.Ordinal), StringComparison.Ordinal))
            + after;
        _igd.Listen();
        var result = await MapAsync();
        Assert.That(result.Problem, Is.Null);
        await result.Lease!.DisposeAsync().InTime();
    }

    [Test]
    public async Task DescriptionThatCannotBeRead_IsNotCalledAbsent()
    {
        _igd.Describe = right => right[..^20];
        _igd.Listen();
        Assert.That(await _gateway.DescriptionProblemAsync(), Does.Contain($"answers at {_gateway.Address}, but its description could not be read"));
    }

    [Test]
    public async Task MappingWhoseAnswerCannotBeRead_IsRemoved()
    {
        _igd.Listen();
        var right = _gateway.Http!;
        _gateway.Http = (action, body) => right(action, body) is var answer && action == "AddPortMapping" ? (200, "nonsense") : answer;
        Assert.That((await MapAsync()).Lease, Is.Null);
        Assert.That(_igd.Calls[^1].Action, Is.EqualTo("DeletePortMapping"));
        Assert.That(_igd.Table, Is.Empty);
    }

    [Test]
    public async Task GatewayThatWantsTheSamePort_GetsIt()
    {
        _igd.AddError = (port, _) => port == $"{_gateway.Client.Port}" ? 0 : 724;
        _igd.Listen();
        await using var lease = (await _gateway.Mapper.MapAsync(_gateway.Client, 5000, default).InTime()).Lease!;
        Assert.That(lease.External!.Value.Port, Is.EqualTo(_gateway.Client.Port));
    }

    [TestCase(5000, 2)]
    [TestCase(40123, 1)] // the client's own
    public async Task GatewayThatWantsTheSamePort_AndRefusesItThen_IsNotAskedAgain(int port, int requests)
    {
        _igd.AddError = (_, _) => 724;
        _igd.Listen();
        Assert.That((await _gateway.Mapper.MapAsync(_gateway.Client, (ushort)port, default).InTime()).Lease, Is.Null);
        Assert.That(_igd.Calls.Count(call => call.Action == "AddPortMapping"), Is.EqualTo(requests));
    }
}
