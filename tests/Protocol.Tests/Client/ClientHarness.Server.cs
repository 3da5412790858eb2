using TeredoSdk.Protocol.Client;

namespace TeredoSdk.Protocol.Tests.Client;

/// <summary>The scripted server.</summary>
sealed partial class ClientHarness
{
    /// <summary>A client that is qualified, with nothing recorded yet.</summary>
    public static ClientHarness Qualified(TeredoClientOptions? options = null, IPv4Endpoint? mapped = null, IPv4Endpoint? atSecondary = null, int seed = 1)
    {
        var harness = new ClientHarness(options, seed);
        harness.Qualify(mapped, atSecondary);
        harness.Clear();
        return harness;
    }

    /// <summary>Answers one solicitation from the server's side, right or broken.</summary>
    public Verdict AnswerSolicitation(SentDatagram solicitation, IPv4Endpoint mapped, Advertisement? advertisement = null)
    {
        advertisement ??= Advertisement.Right;
        return Receive(solicitation.Via, advertisement.OuterSource ?? solicitation.Target,
            advertisement.ToPayload(solicitation, mapped, PrimaryOf(solicitation.Target.Address), Options.Secret));
    }

    /// <summary>Answers the last solicitation.</summary>
    public Verdict AnswerLastSolicitation(IPv4Endpoint mapped, Advertisement? advertisement = null) =>
        AnswerSolicitation(Solicitations.Last(), mapped, advertisement);

    /// <summary>Starts the client if need be and lets the server answer at both addresses.</summary>
    /// <param name="mapped">What the primary address sees; <see cref="Lab.Mapped"/> unless given.</param>
    /// <param name="atSecondary">What the secondary address sees; the same unless given, which makes a symmetric NAT.</param>
    public void Qualify(IPv4Endpoint? mapped = null, IPv4Endpoint? atSecondary = null)
    {
        if (Client.State == ClientState.Off)
            Start();
        if (!Solicitations.Any())
            AdvanceToSolicitation(); // a round that follows another at once waits for the spacing
        AnswerLastSolicitation(mapped ?? Lab.Mapped);
        if (Client.State == ClientState.Qualifying)
            AnswerLastSolicitation(atSecondary ?? mapped ?? Lab.Mapped);
        Assert.That(Client.State, Is.EqualTo(ClientState.Qualified));
    }

    /// <summary>From now on the servers answer every solicitation at once; null for a datagram that gets no answer.</summary>
    public void AnswerSolicitations(Func<SentDatagram, IPv4Endpoint?> mappedFor) =>
        OnSent += sent =>
        {
            if (sent.IsRouterSolicitation && mappedFor(sent) is { } mapped)
                AnswerSolicitation(sent, mapped);
        };

    IPv4Address PrimaryOf(IPv4Address address)
    {
        foreach (var server in Options.Servers)
            if (server.Primary == address || server.Secondary == address)
                return server.Primary;
        throw new AssertionException($"the client solicited {address}, which is none of its servers");
    }
}
