using TeredoSdk.NatMatrix;
using TeredoSdk.Testing;

namespace TeredoSdk.Protocol.Tests.Simulation;

/// <summary>Each single datagram of a contact is lost in turn: the repeats of RFC 4380 §5.2.6 make the contact all the same.</summary>
public sealed class LostDatagramTests
{
    const int Never = -1;
    static readonly TimeSpan PingInterval = TimeSpan.FromMilliseconds(500);

    // Two repeats, of at most 2.25 s, and what one round takes: RFC 4380 §5.2.4.
    static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);

    /// <param name="initiator">The NAT of the host that makes the first contact.</param>
    /// <param name="quietSeconds">
    /// How long the two were quiet since then, or 0 for the first contact. After 40 s the NATs still keep the mappings, after 200 s they do not.
    /// </param>
    [Test, Conformance("C-035", "C-242", "C-243")]
    public void AnyDatagramOfAContact_IsLost_TheContactIsMade([Values] NatKind initiator, [Values(0, 40, 200)] int quietSeconds)
    {
        var responders = Expectation.Kinds.Where(kind => Expectation.Of(initiator, kind) != Promise.None);
        Assert.Multiple(() =>
        {
            foreach (var responder in responders)
            {
                LoseEach(initiator, responder, quietSeconds, fromResponder: false);
                if (quietSeconds > 0 && Expectation.Of(responder, initiator) != Promise.None)
                    LoseEach(initiator, responder, quietSeconds, fromResponder: true);
            }
        });
    }

    static void LoseEach(NatKind initiator, NatKind responder, int quietSeconds, bool fromResponder)
    {
        int datagrams = Contact(initiator, responder, quietSeconds, fromResponder, Never);
        Assert.That(datagrams, Is.GreaterThan(3), "there is something to lose");
        for (int lost = 0; lost < datagrams; lost++)
            Contact(initiator, responder, quietSeconds, fromResponder, lost);
    }

    /// <returns>How many datagrams crossed the core until the first echo reply.</returns>
    static int Contact(NatKind initiator, NatKind responder, int quietSeconds, bool fromResponder, int lost)
    {
        var internet = new SimulatedInternet(seed: 1);
        internet.Server();
        var (alice, bob) = (internet.Nat(initiator).Host("alice").StartTeredo(), internet.Nat(responder).Host("bob").StartTeredo());
        string name = $"{Expectation.Short(initiator)} -> {Expectation.Short(responder)}, {(fromResponder ? "back, " : "")}number {lost} lost";
        Assert.That(internet.RunUntil(() => alice.IsQualified && bob.IsQualified, Limit), Is.True, name);
        if (quietSeconds > 0)
        {
            Assert.That(Reaches(internet, alice, bob), Is.True, name);
            internet.RunFor(TimeSpan.FromSeconds(quietSeconds));
        }
        int count = 0;
        internet.DatagramSent += datagram =>
        {
            if (datagram.From.Network == internet)
                internet.Core.IsUp = count++ != lost;
        };
        Assert.That(fromResponder ? Reaches(internet, bob, alice) : Reaches(internet, alice, bob), Is.True, name);
        return count;
    }

    static bool Reaches(SimulatedInternet internet, SimulatedTeredoClient from, SimulatedTeredoClient to)
    {
        List<SimulatedPing> pings = [];
        for (var end = internet.Now + Limit; internet.Now < end;)
        {
            pings.Add(from.Ping(to.Address));
            if (internet.RunUntil(() => pings.Exists(ping => ping.Succeeded), PingInterval))
                return true;
        }
        return false;
    }
}
