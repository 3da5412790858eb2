namespace TeredoSdk.Setup.Linux;

/// <summary>Finds the firewall that is in force, and the settings of an exception there.</summary>
static class Firewalls
{
    public static async Task<bool> IsFirewalldRunningAsync(LinuxMachine machine, CancellationToken cancellationToken) =>
        machine.Find("firewall-cmd") is not null
        && (await machine.RunAsync("firewall-cmd", ["--state"], cancellationToken).ConfigureAwait(false)).ExitCode == 0;

    // `ufw status` needs root, and its file says the same.
    public static bool IsUfwEnabled(LinuxMachine machine) => machine.Find("ufw") is not null
        && machine.ReadFile("/etc/ufw/ufw.conf")?.Split('\n').Any(line => line.Trim().Equals("ENABLED=yes", StringComparison.OrdinalIgnoreCase)) == true;

    /// <exception cref="TeredoException">The ruleset can't be read; the message says why.</exception>
    public static async Task<NftRuleset> ReadNftAsync(LinuxMachine machine, CancellationToken cancellationToken)
    {
        var result = await machine.RunAsync("nft", ["-j", "list", "ruleset"], cancellationToken).ConfigureAwait(false);
        return result.ExitCode == 0 ? NftRuleset.Parse(result.Output)
            : throw new TeredoException(TeredoError.FirewallUnavailable, $"The rules of nftables can't be read: {result.Complaint}.");
    }

    /// <summary>The firewall that a plan uses. Auto prefers the one that manages the rules of the others.</summary>
    public static async Task<LinuxFirewall> ChooseAsync(LinuxMachine machine, LinuxFirewall wanted, CancellationToken cancellationToken) => wanted switch
    {
        not LinuxFirewall.Auto => wanted,
        _ when await IsFirewalldRunningAsync(machine, cancellationToken).ConfigureAwait(false) => LinuxFirewall.Firewalld,
        _ when IsUfwEnabled(machine) => LinuxFirewall.Ufw,
        _ when machine.Find("nft") is not null => LinuxFirewall.Nftables,
        _ => LinuxFirewall.None,
    };

    /// <summary>The zones of firewalld in which the port is opened at once: those with interfaces or sources, and the default one.</summary>
    public static async Task<IReadOnlyList<string>> ReadZonesAsync(LinuxMachine machine, CancellationToken cancellationToken)
    {
        var active = await machine.RunAsync("firewall-cmd", ["--get-active-zones"], cancellationToken).ConfigureAwait(false);
        var @default = await machine.RunAsync("firewall-cmd", ["--get-default-zone"], cancellationToken).ConfigureAwait(false);
        if (@default.ExitCode != 0 || active.ExitCode != 0)
            throw new TeredoException(TeredoError.FirewallUnavailable, $"The zones of firewalld can't be read: {@default.Complaint}.");
        // A zone's name begins a line, its interfaces and sources are indented; newer versions add " (default)".
        var zones = active.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(line => !char.IsWhiteSpace(line[0])).Select(line => line.Split(' ')[0]);
        return [.. zones.Append(@default.Output.Trim()).Distinct(StringComparer.Ordinal)];
    }
}
