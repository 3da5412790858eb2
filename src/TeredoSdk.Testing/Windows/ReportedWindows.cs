using TeredoSdk.Windows;
using TeredoSdk.Windows.Doctor;
using TeredoSdk.Windows.Native.Netsh;

namespace TeredoSdk.Testing;

/// <summary>Makes a fake Windows that answers as the machine of a report did.</summary>
static class ReportedWindows
{
    public static FakeWindows Of(MachineFacts facts)
    {
        var windows = new FakeWindows(Version.Parse(facts.WindowsVersion)) { IsElevated = facts.IsElevated, ProgramPath = facts.ProgramPath };
        windows.Files.Clear();
        windows.Registry.Clear();
        if (facts is { ProgramPath: { } program, ProgramExists: true })
            windows.Files[program] = true;
        foreach (var (name, service) in facts.Services)
            if (name.Equals("tcpip6", StringComparison.OrdinalIgnoreCase))
                windows.IPv6Installed = service.Value.Exists || !windows.IsBefore(6, 0); // later systems always have IPv6
            else if (service.Reason is null)
                windows.Services[name] = service.Value;
        foreach (var value in facts.Registry)
            if (((object?)value.Number ?? value.Text) is { } known)
                windows.Registry[$@"{value.Key}\{value.Name}"] = known;
        if (facts.Registry.All(value => value.Reason is not null) && facts.Registry is [{ Reason: { } unreadable }, ..])
            windows.Missing[nameof(FakeWindows.ReadRegistry)] = unreadable;
        if (facts.Services.Values.All(service => service.Reason is not null) && facts.Services.Values.FirstOrDefault() is { Reason: { } noService })
            windows.Missing[nameof(FakeWindows.ReadService)] = noService;
        windows.Adapters = Known(windows, nameof(FakeWindows.ReadAdapters), facts.Adapters, []);
        ApplyFirewall(windows, facts.Firewall);
        ApplyClient(windows, facts);
        return windows;
    }

    static void ApplyFirewall(FakeWindows windows, FirewallFacts facts)
    {
        const string Firewall = nameof(FakeWindows.Firewall) + ".";
        var fake = windows.Firewall;
        var status = Known(windows, Firewall + nameof(fake.ReadStatus), facts.Status, new() { Active = fake.Profiles });
        (fake.Profiles, fake.ModifyState) = (status.Active, status.ModifyState);
        fake.Products = Known(windows, Firewall + nameof(fake.ReadProducts), facts.Products, []);
        foreach (var rule in Known(windows, Firewall + nameof(fake.ReadRules), facts.Rules, []))
            fake.Plant(rule);
        windows.FirewallHealth = Known(windows, nameof(windows.ReadFirewallHealth), facts.Health, windows.FirewallHealth);
        windows.EdgeTraversalFilters = Known(windows, nameof(windows.ReadEdgeTraversalFilters), facts.EdgeFilters, []);
    }

    static void ApplyClient(FakeWindows windows, MachineFacts facts)
    {
        var (teredo, before, after) = (windows.Teredo, facts.Before, facts.After);
        var own = facts.Configuration.Reason is null ? facts.Configuration.Value
            : before.Netsh.Value is { } printed ? NetshTeredoState.Parse(printed.Text).Configuration : null;
        teredo.Configuration = own ?? new() { Type = TeredoType.EnterpriseClient }; // where no source told it, what the client did decides
        foreach (var (call, reason) in new[] { (nameof(windows.ReadConfiguration), facts.Configuration.Reason), (nameof(windows.ReadStatus), after.Cim.Reason),
            (nameof(windows.RunNetshAsync), after.Netsh.Reason), (nameof(windows.ReadAddresses), after.Addresses.Reason), (nameof(windows.WakeAsync), facts.Wake.Reason),
            (nameof(windows.ReadCimText), facts.CimText.Reason), (nameof(windows.ReadListeners), facts.Listeners.Reason) })
            if (reason is not null)
                windows.Missing[call] = reason;
        if (before.Netsh.Value is { } first && after.Netsh.Value is { } last)
            windows.Netsh.Recorded = (first.Text, last.Text);
        ApplyAddresses(windows, before.Addresses.Value ?? [], after.Addresses.Value ?? []);
        teredo.Port = facts.TeredoPort.Reason is null ? facts.TeredoPort.Value : teredo.Port;
        windows.Listeners = [.. (facts.Listeners.Value ?? []).Where(listener => listener.EndPoint.Port != teredo.Port)];

        var (asleep, awake) = (MachineReader.StatusOf(before), MachineReader.StatusOf(after));
        (teredo.OfflineError, teredo.ErrorCode, teredo.Nat) = (awake?.Error, awake?.ErrorCode, awake?.Nat ?? teredo.Nat);
        teredo.IsInactive = awake?.State == TeredoClientState.Inactive;
        teredo.Network = awake?.State switch
        {
            TeredoClientState.Qualified => FakeTeredoNetwork.Answers,
            TeredoClientState.Offline => FakeTeredoNetwork.Offline,
            TeredoClientState.Dormant => FakeTeredoNetwork.Asleep,
            _ => FakeTeredoNetwork.Endless,
        };
        if (asleep?.State == TeredoClientState.Qualified)
            teredo.Qualify();
        else if (asleep?.State == TeredoClientState.Offline)
            teredo.GoOffline(asleep.Error);
    }

    static void ApplyAddresses(FakeWindows windows, IReadOnlyList<WindowsAddress> before, IReadOnlyList<WindowsAddress> after)
    {
        windows.Addresses = [.. after.Where(address => !IsOfClient(address))];
        if (after.FirstOrDefault(IsOfClient) is { } own)
            (windows.Teredo.Address, windows.Teredo.InterfaceName, windows.Teredo.MtuOctets) = (own.Address, own.InterfaceName, own.MtuOctets);
        if (before.FirstOrDefault(IsOfClient) is { } listed)
            (windows.Teredo.ListsDormantAddress, windows.Teredo.DormantDadState) = (true, listed.DadState ?? windows.Teredo.DormantDadState);
    }

    static bool IsOfClient(WindowsAddress address) => address is { IsTunnel: true, Address.IsIPv6Teredo: true };

    // What the machine said; where it said nothing, the fake gives the same reason.
    static T Known<T>(FakeWindows windows, string call, Told<T> told, T otherwise)
    {
        if (told.Reason is null)
            return told.Value!;
        windows.Missing[call] = told.Reason;
        return otherwise;
    }
}
