using TeredoSdk.Machine;
using TeredoSdk.Protocol;

namespace TeredoSdk.Links.Interface;

/// <summary>Finds a Teredo interface that is up, and checks that it can be used.</summary>
sealed class InterfaceSearch(IInterfaceTable interfaces, bool allowPrivateAddresses)
{
    const int ProbePort = 40000; // part of an address that is used only to look up a route

    readonly AddressPolicy _policy = allowPrivateAddresses ? AddressPolicy.Lab : AddressPolicy.Strict;

    /// <summary>Finds the first usable interface. When there is none, <paramref name="problem"/> says why.</summary>
    public TeredoInterface? Find(out Finding problem)
    {
        problem = Unavailable(FindingIds.InterfaceMissing, "interfaces", "No interface with a Teredo address is up.",
            "Start one, for example with miredo or \"teredo client\", or use the embedded provider.");
        bool isFirst = true;
        foreach (var candidate in interfaces.List())
        {
            if (!candidate.Address.IsTeredo || !TeredoAddress.TryCreate(candidate.Address, out var address))
                continue;
            if (Check(candidate.Name, address) is not { } flaw)
                return new(candidate.Name, candidate.Index, candidate.MtuOctets, address);
            if (isFirst)
                problem = flaw;
            isFirst = false;
        }
        return null;
    }

    /// <summary>Why the interface that was found is used only when the options name its provider.</summary>
    public static Finding NotChosen(TeredoInterface found) => new()
    {
        Id = FindingIds.InterfaceNotChosen,
        Severity = FindingSeverity.Note,
        Subject = found.Name,
        Problem = $"Interface {found.Name} has the Teredo address {found.Address}, but there the machine's firewall decides who gets in, and may let nobody in.",
        Fix = new() { Sentence = $"To use it, choose the provider {nameof(TeredoProvider.Interface)}." },
        Error = TeredoError.InterfaceUnavailable,
    };

    Finding? Check(string name, TeredoAddress address)
    {
        string has = $"Interface {name} has the Teredo address {address}, ";
        if (!_policy.IsGlobalUnicast(address.Server) || !_policy.IsGlobalUnicast(address.MappedEndpoint)) // RFC 4380 §5.2.4: peers would drop its packets
            return Unusable($"whose server {address.Server} or client {address.MappedEndpoint} is not public.",
                $"Start it with a server on the public internet; in a laboratory set {nameof(TeredoOptions.AllowPrivateAddresses)}.");
        var probe = new TeredoAddress(address.Server, TeredoFlags.None, new(address.Server, ProbePort)).ToIPAddress();
        var source = interfaces.FindSource(probe);
        if (source is null)
            return Unusable("but this machine has no route to other Teredo addresses.", $"Add one: a route to 2001::/32 over {name}.");
        return IPv6Address.FromIPAddress(source) == address.ToIPv6Address() ? null
            : Unusable($"but this machine sends to Teredo addresses from {IPv6Address.FromIPAddress(source)}.", $"Add a route to 2001::/32 over {name}.");

        Finding Unusable(string flaw, string step) => Unavailable(FindingIds.InterfaceUnusable, name, has + flaw, step);
    }

    static Finding Unavailable(string id, string subject, string problem, string step) => new()
    {
        Id = id,
        Severity = FindingSeverity.Error,
        Subject = subject,
        Problem = problem,
        Fix = new() { Sentence = step },
        Error = TeredoError.InterfaceUnavailable,
    };
}
