using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using TeredoSdk.Windows.Native.Com;
using TeredoSdk.Windows.Native.NetFwTypeLib;

namespace TeredoSdk.Windows.Native.Firewall;

/// <summary>The Windows Firewall through COM: rules and, for the Teredo port of the oldest systems, open ports.</summary>
[SupportedOSPlatform("windows")]
sealed class WindowsFirewall : IWindowsFirewall
{
    static readonly NET_FW_PROFILE_TYPE2_[] Profiles =
    [
        NET_FW_PROFILE_TYPE2_.NET_FW_PROFILE2_DOMAIN, NET_FW_PROFILE_TYPE2_.NET_FW_PROFILE2_PRIVATE, NET_FW_PROFILE_TYPE2_.NET_FW_PROFILE2_PUBLIC,
    ];

    public Reading<IReadOnlyList<FirewallRule>> ReadRules() => FirewallCalls.Read("the firewall's rules", () =>
        (IReadOnlyList<FirewallRule>)[.. ComCollection.Read<INetFwRule>(Rules().GetNewEnum()).Select(TryRead).OfType<FirewallRule>()]);

    public Reading<FirewallRule?> ReadRule(string name) => FirewallCalls.Read($"the rule '{name}'", () =>
    {
        int result = Rules().Item(name, out var found);
        if (result == FirewallCalls.FileNotFound)
            return null;
        Marshal.ThrowExceptionForHR(result);
        return RuleReader.Read(found!);
    });

    public Reading<FirewallStatus> ReadStatus() => FirewallCalls.Read("the firewall's state",
        () => ReadStatus(Policy()));

    public Reading<IReadOnlyList<string>> ReadProducts() => FirewallCalls.Read("the list of other vendors' firewalls", () =>
    {
        var products = ComActivation.Create<INetFwProducts>(FirewallClasses.NetFwProducts);
        return (IReadOnlyList<string>)[.. ComCollection.Read<INetFwProduct>(products.GetNewEnum()).Select(product => product.GetDisplayName() ?? "")];
    });

    public Reading<IReadOnlyList<OpenPort>> ReadOpenPorts() => FirewallCalls.Read("the firewall's open ports", OpenPorts.Read);

    public void Add(FirewallRule rule) => FirewallCalls.Write($"add the rule '{rule.Name}'", () =>
    {
        var created = ComActivation.Create<INetFwRule>(FirewallClasses.NetFwRule);
        new RuleWriter(created, rule, previous: null).Write();
        Rules().Add(created);
    });

    public void Update(FirewallRule rule) => FirewallCalls.Write($"change the rule '{rule.Name}'", () =>
    {
        Marshal.ThrowExceptionForHR(Rules().Item(rule.Name, out var stored));
        new RuleWriter(stored!, rule, RuleReader.Read(stored!)).Write();
    });

    public void Remove(string name) => FirewallCalls.Write($"remove the rule '{name}'", () =>
    {
        try
        {
            Rules().Remove(name);
        }
        catch (FileNotFoundException)
        {
            // The rule does not exist, as wanted.
        }
    });

    public void AddOpenPort(OpenPort port) => FirewallCalls.Write($"open the port {port.Port}", () => OpenPorts.Add(port));

    public void RemoveOpenPort(int port, FirewallProtocol protocol) =>
        FirewallCalls.Write($"close the port {port}", () => OpenPorts.Remove(port, protocol));

    static INetFwPolicy2 Policy() => ComActivation.Create<INetFwPolicy2>(FirewallClasses.NetFwPolicy2);

    static INetFwRules Rules() => Policy().GetRules();

    // A rule that can't be read completely (from a later Windows, or just being removed) must not hide the others.
    static FirewallRule? TryRead(INetFwRule rule)
    {
        try
        {
            return RuleReader.Read(rule);
        }
        catch (Exception)
        {
            return null;
        }
    }

    static FirewallStatus ReadStatus(INetFwPolicy2 policy)
    {
        var active = (NET_FW_PROFILE_TYPE2_)policy.GetCurrentProfileTypes();
        return new()
        {
            Active = [.. Profiles.Where(profile => active.HasFlag(profile)).Select(profile => ReadProfile(policy, profile))],
            ModifyState = (FirewallModifyState)policy.GetLocalPolicyModifyState(),
        };
    }

    static FirewallProfileStatus ReadProfile(INetFwPolicy2 policy, NET_FW_PROFILE_TYPE2_ profile) => new()
    {
        Profile = (FirewallProfiles)profile,
        Enabled = policy.GetFirewallEnabled(profile),
        BlocksAllInbound = policy.GetBlockAllInboundTraffic(profile),
        DefaultInbound = (FirewallAction)policy.GetDefaultInboundAction(profile),
    };
}
