using TeredoSdk.NatMatrix;
using TeredoSdk.Protocol.Client;
using TeredoSdk.Testing;

namespace TeredoSdk.Protocol.Tests.Matrix;

/// <summary>What two reports say of a pair is what the NAT matrix shows of it.</summary>
public sealed class ForecastTests
{
    static readonly TimeSpan Limit = TimeSpan.FromSeconds(12);

    // The reports that a client really makes behind each kind of NAT, before and after it asked for a stranger's packet.
    static readonly Lazy<(TeredoReport Before, TeredoReport After)[]> Reports = new(() => [.. Expectation.Kinds.Select(kind => ReportsBehind(kind))]);

    // Whether the pair connects, as the reviewed matrix has it: a time in brackets is that of the failure.
    static readonly Lazy<bool[][]> Outcomes = new(() =>
        [.. File.ReadLines(Path.Combine(TestContext.CurrentContext.TestDirectory, "Matrix", "nat-matrix.txt"))
            .Select(line => line.Split('|')).Where(cells => cells.Length == Expectation.Kinds.Count + 1).Skip(1)
            .Select(cells => cells.Skip(1).Select(cell => !cell.Contains('(')).ToArray())]);

    static (TeredoReport Before, TeredoReport After) ReportsBehind(NatKind inner, NatKind? outer = null)
    {
        var internet = new SimulatedInternet(seed: 1);
        internet.Server(options => options with { Reflector = IPv4Address.Parse("11.9.9.9") });
        var client = (outer is { } kind ? internet.Nat(kind) : (SimulatedNetwork)internet).Nat(inner).Host("client").StartTeredo();
        Assert.That(internet.RunUntil(() => client.IsQualified, Limit), Is.True);
        var before = Report(client.Nat, client.Address);
        client.TryCheckReachability();
        Assert.That(internet.RunUntil(() => client.Events.Any(e => e.Event is ClientEvent.ReachabilityChecked), Limit), Is.True);
        return (before, Report(client.Nat, client.Address));
    }

    static TeredoReport Report(NatReport nat, IPv6Address? address = null, bool native = false) => new()
    {
        Provider = TeredoProvider.Embedded,
        KernelSockets = false,
        State = TeredoState.Qualified,
        Address = address?.ToIPAddress(),
        Reachability = Reachability.NotChecked,
        Mapping = nat.Mapping,
        Filtering = nat.Filtering,
        NatName = nat.ClassicName,
        PortPreserving = nat.Mapping == MappingBehaviour.NotChecked ? null : nat.PortPreserving,
        SequentialPorts = nat.Mapping == MappingBehaviour.NotChecked ? null : nat.Sequential,
        SeveralAddresses = nat.Mapping == MappingBehaviour.NotChecked ? null : nat.SeveralAddresses,
        PortMapping = nat.PortMapped ? PortMappingState.Mapped : PortMappingState.NotMapped,
        NativeIPv6 = NativeIPv6Mode.Beside,
        HasNativeIPv6 = native,
        Sockets = 0,
        UnrestrictedSockets = 0,
        Peers = 0,
        Drops = new Dictionary<DropReason, long>(),
        Findings = address is not null ? []
            : [new() { Id = "server.silent", Severity = FindingSeverity.Error, Subject = "server", Problem = "No server answered." }],
    };

    [Test]
    public void Pair_ThatBothChecked_ComesOutAsForecast([Range(0, 8)] int dialler, [Range(0, 8)] int listener)
    {
        var forecast = ConnectionForecast.Of(Reports.Value[dialler].After, Reports.Value[listener].After);
        Assert.That(forecast.Forecast, Is.EqualTo(Outcomes.Value[dialler][listener] ? Forecast.Connects : Forecast.DoesNotConnect), $"{Name(dialler, listener)}: {forecast.Reason}");
    }

    [Test]
    public void Pair_ThatDidNotCheck_IsForecastRightOrNotAtAll()
    {
        int known = 0;
        Assert.Multiple(() =>
        {
            for (int dialler = 0; dialler < Expectation.Kinds.Count; dialler++)
                for (int listener = 0; listener < Expectation.Kinds.Count; listener++)
                {
                    var forecast = ConnectionForecast.Of(Reports.Value[dialler].Before, Reports.Value[listener].Before);
                    if (forecast.Forecast == Forecast.Unknown)
                        Assert.That(forecast.Reason, Does.Contain("known").IgnoreCase, "says what is missing");
                    else
                    {
                        known++;
                        Assert.That(forecast.Forecast == Forecast.Connects, Is.EqualTo(Outcomes.Value[dialler][listener]), $"{Name(dialler, listener)}: {forecast.Reason}");
                    }
                }
        });
        Assert.That(known, Is.GreaterThanOrEqualTo(60), "of 81");
    }

    static string Name(int dialler, int listener) => $"{Expectation.Short(Expectation.Kinds[dialler])} to {Expectation.Short(Expectation.Kinds[listener])}";

    [Test]
    public void Pair_WithAnUncheckedMapping_IsUnknown_UnlessTheOtherIsOpen()
    {
        var unchecked_ = Report(default, IPv6Address.Parse("2001:0:b01:1::1"));
        var (cone, restricted) = (Reports.Value[0].After, Reports.Value[1].After);
        Assert.Multiple(() =>
        {
            Assert.That(ConnectionForecast.Of(unchecked_, restricted).Forecast, Is.EqualTo(Forecast.Unknown));
            Assert.That(ConnectionForecast.Of(restricted, unchecked_).Reason, Does.Contain("listener").And.Contain("secondary address"));
            Assert.That(ConnectionForecast.Of(unchecked_, cone).Forecast, Is.EqualTo(Forecast.Connects));
        });
    }

    [Test]
    public void Pair_OfWhichOneLetsNothingIn_DoesNotConnect()
    {
        var (cone, closed) = (Reports.Value[0].After, Reports.Value[2].After with { Reachability = Reachability.No });
        Assert.That(ConnectionForecast.Of(cone, closed), Has.Property("Forecast").EqualTo(Forecast.DoesNotConnect).And.Property("Reason").Contains("listener"));
        Assert.That(ConnectionForecast.Of(closed, cone), Has.Property("Forecast").EqualTo(Forecast.DoesNotConnect).And.Property("Reason").Contains("dialler"));
    }

    // What two NATs look like together is what one of a kind does (RFC 4787 §4, §5), and the forecast knows nothing of their number.
    [Slow]
    [Test]
    public void Pair_OfWhichOneIsBehindTwoNats_IsForecastRightOrNotAtAll([Range(0, 8)] int other)
    {
        Assert.Multiple(() =>
        {
            foreach (var (inner, outer) in NestedPairs.Nestings)
            {
                var (name, _, run) = NestedPairs.Of(inner, outer).ElementAt(2 * other);
                var forecast = ConnectionForecast.Of(ReportsBehind(inner, outer).After, Reports.Value[other].After);
                if (forecast.Forecast != Forecast.Unknown)
                    Assert.That(forecast.Forecast == Forecast.Connects, Is.EqualTo(run(null).Connected is not null), $"{name}: {forecast.Reason}");
            }
        });
    }

    [Test]
    public void Pair_OfWhichOneHasNoAddress_DependsOnNativeIPv6()
    {
        var (none, native, restricted) = (Report(default), Report(default, native: true), Reports.Value[1].After);
        Assert.Multiple(() =>
        {
            Assert.That(ConnectionForecast.Of(none, restricted), Has.Property("Forecast").EqualTo(Forecast.DoesNotConnect)
                .And.Property("Reason").EqualTo("The dialler has no Teredo address. No server answered."));
            Assert.That(ConnectionForecast.Of(restricted, native).Reason, Does.Contain("relay"));
            Assert.That(ConnectionForecast.Of(native, native), Has.Property("Forecast").EqualTo(Forecast.Unknown)
                .And.Property("Reason").Contains("native IPv6"));
            Assert.That(ConnectionForecast.Of(Reports.Value[7].After with { HasNativeIPv6 = true }, Reports.Value[7].After with { HasNativeIPv6 = true }).Reason,
                Does.Contain("symmetric").And.Contain("native IPv6"), "Teredo does not, but they have another way");
        });
    }
}
