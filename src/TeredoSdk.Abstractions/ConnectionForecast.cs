using TeredoSdk.Protocol.Client;

namespace TeredoSdk;

/// <summary>Whether one node will be able to connect to another.</summary>
public enum Forecast
{
    /// <summary>The reports do not tell.</summary>
    Unknown,
    /// <summary>It will.</summary>
    Connects,
    /// <summary>It will not.</summary>
    DoesNotConnect,
}

/// <summary>Whether a node will be able to connect to another, judged by their reports alone.</summary>
/// <remarks>
/// The rules are what this implementation does on both sides, with all its extensions on, for every pair of the NATs of RFC 6081 §3
/// (docs/protocol §4.0 and §9.6). Which of the two dials makes a difference for some pairs.
/// </remarks>
public sealed record ConnectionForecast
{
    /// <summary>Whether the connection comes about.</summary>
    public required Forecast Forecast { get; init; }

    /// <summary>Why, in a sentence or two; where the reports do not tell, also what would tell.</summary>
    public required string Reason { get; init; }

    /// <summary>Judges a pair.</summary>
    /// <param name="dialler">The report of the node that connects.</param>
    /// <param name="listener">The report of the node that listens.</param>
    public static ConnectionForecast Of(TeredoReport dialler, TeredoReport listener)
    {
        ArgumentNullException.ThrowIfNull(dialler);
        ArgumentNullException.ThrowIfNull(listener);
        var forecast = dialler.Address is null || listener.Address is null ? WithoutAddress(dialler, listener) : OverTeredo(dialler, listener);
        return forecast.Forecast == Forecast.Connects || !dialler.HasNativeIPv6 || !listener.HasNativeIPv6 ? forecast
            : Unknown($"{forecast.Reason} Both machines have native IPv6, though: between those addresses it depends on the routers' firewalls only.");
    }

    static ConnectionForecast WithoutAddress(TeredoReport dialler, TeredoReport listener)
    {
        foreach (var end in new[] { dialler, listener })
            if (end.Address is null && !end.HasNativeIPv6)
                return No($"The {NameOf(end, dialler)} has no Teredo address. {end.Problem}".TrimEnd());
        return Unknown("One end has native IPv6 and no Teredo address, so a Teredo relay has to be between the two.");
    }

    static ConnectionForecast OverTeredo(TeredoReport dialler, TeredoReport listener)
    {
        foreach (var end in new[] { dialler, listener })
            if (end.Reachability == Reachability.No) // what the stranger sent came after a bubble of the node, as with any peer
                return No($"Nothing gets in to the {NameOf(end, dialler)}: a stranger without NAT has tried it.");
        if (IsOpen(dialler) || IsOpen(listener))
            return Yes($"The {NameOf(IsOpen(listener) ? listener : dialler, dialler)} lets strangers in unasked, so every peer can talk to it.");
        foreach (var end in new[] { dialler, listener })
            if (end.Mapping == MappingBehaviour.NotChecked)
                return Unknown($"How the NAT of the {NameOf(end, dialler)} maps ports is not known. A server with a secondary address would tell.");
        return (IsSymmetric(dialler), IsSymmetric(listener)) switch
        {
            (false, false) => Yes("Both NATs show every peer the same endpoint, so bubbles through the server open them for each other."),
            (true, true) => BothSymmetric(dialler, listener),
            (true, false) => OneSymmetric(symmetric: dialler, other: listener, dialler),
            (false, true) => OneSymmetric(symmetric: listener, other: dialler, dialler),
        };
    }

    static ConnectionForecast BothSymmetric(TeredoReport dialler, TeredoReport listener)
    {
        const string both = "Both NATs are symmetric";
        if (IsMapped(dialler) && IsMapped(listener))
            return Yes($"{both}, but both routers map a port (RFC 6081 §5.3).");
        if (IsMapped(dialler) || IsMapped(listener) || dialler.PortPreserving == false)
            return No($"{both}, and neither can tell the port that it will use towards the other.");
        if (dialler.PortPreserving is null || (listener.PortPreserving is null && listener.SequentialPorts is null))
            return Unknown($"{both}, and it is not known whether they keep ports.");
        if (listener.PortPreserving == true || listener.SequentialPorts == true)
            return Yes($"{both}, but the ports that they use can be predicted (RFC 6081 §5.4, §5.5).");
        return listener.SequentialPorts is null ? Unknown($"{both}, and it is not known whether the listener's counts its ports up.")
            : No($"{both}, and the port that the listener's will use can't be predicted.");
    }

    static ConnectionForecast OneSymmetric(TeredoReport symmetric, TeredoReport other, TeredoReport dialler)
    {
        string one = $"The NAT of the {NameOf(symmetric, dialler)} is symmetric", two = $"that of the {NameOf(other, dialler)}";
        string ask = $"How {two} filters is not known: teredo status --reflect there would tell.";
        if (!IsMapped(symmetric) && (symmetric.PortPreserving == true || symmetric.SequentialPorts == true))
            return Yes($"{one}, but the port that it uses can be predicted (RFC 6081 §5.4, §5.5).");
        if (!IsMapped(symmetric) && symmetric.SeveralAddresses == true && other.Filtering != FilteringBehaviour.NotChecked)
            return No($"{one} and shows each peer another address, which {two} does not let in.");
        bool portsAreKnown = IsMapped(symmetric) || (symmetric.PortPreserving is not null && symmetric.SequentialPorts is not null);
        return other.Filtering switch
        {
            FilteringBehaviour.AddressDependent when IsMapped(symmetric) || symmetric.SeveralAddresses == false =>
                Yes($"{one}, and {two} lets in any port of an address that it sent to (RFC 6081 §5.2)."),
            FilteringBehaviour.AddressAndPortDependent when portsAreKnown => No($"{one}, and {two} lets in only the ports that it sent to."),
            FilteringBehaviour.NotChecked => Unknown($"{one}. {ask}"),
            _ => Unknown($"{one}, and it is not known how it chooses its ports and addresses."),
        };
    }

    // With a mapping that follows the destination, a mapped port does not help the others (RFC 6081 §5.3).
    static bool IsOpen(TeredoReport end) =>
        end.Mapping is MappingBehaviour.EndpointIndependent or MappingBehaviour.None
        && (end.Filtering == FilteringBehaviour.EndpointIndependent || IsMapped(end));

    static bool IsSymmetric(TeredoReport end) => end.Mapping == MappingBehaviour.AddressOrPortDependent;

    static bool IsMapped(TeredoReport end) => end.PortMapping == PortMappingState.Mapped;

    static string NameOf(TeredoReport end, TeredoReport dialler) => ReferenceEquals(end, dialler) ? "dialler" : "listener";

    static ConnectionForecast Yes(string reason) => new() { Forecast = Forecast.Connects, Reason = reason };

    static ConnectionForecast No(string reason) => new() { Forecast = Forecast.DoesNotConnect, Reason = reason };

    static ConnectionForecast Unknown(string reason) => new() { Forecast = Forecast.Unknown, Reason = reason };
}
