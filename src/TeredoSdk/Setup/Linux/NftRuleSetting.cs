namespace TeredoSdk.Setup.Linux;

/// <summary>
/// A rule at the head of a chain of nftables that lets a UDP port in over IPv4. Its comment says whose it is. It has to be in the chain that blocks:
/// what one chain accepts, another one may still drop.
/// </summary>
/// <param name="machine">The machine.</param>
/// <param name="chain">The chain.</param>
/// <param name="port">The port.</param>
/// <param name="comment">The comment.</param>
sealed class NftRuleSetting(LinuxMachine machine, NftChain chain, int port, string comment) : Setting(machine, $"{chain} {port} {comment}")
{
    public const string KindName = "nftables", Present = "present";

    public static NftRuleSetting Parse(LinuxMachine machine, string subject) =>
        subject.Split(' ', 5) is [var family, var table, var name, var port, var comment] && int.TryParse(port, out int number)
            ? new(machine, new(family, table, name), number, comment) : throw new FormatException(subject);

    /// <summary>The rule, as it stands behind its chain in a command of nft.</summary>
    public static string[] Rule(NftChain chain, int port, string comment) =>
    [
        .. chain.Family == "inet" ? ["meta", "nfproto", "ipv4"] : Array.Empty<string>(), "udp", "dport", $"{port}", "accept", "comment", $"\"{comment}\"",
    ];

    public override string Kind => KindName;

    public override string Describe(string? value) => value is null ? $"Remove the rule \"{comment}\" from the chain {chain} of nftables."
        : $"Add a rule to the chain {chain} of nftables: UDP port {port} is let in.";

    public override async Task<string?> ReadAsync(CancellationToken cancellationToken) =>
        (await Firewalls.ReadNftAsync(Machine, cancellationToken).ConfigureAwait(false)).HandlesOf(chain, comment).Any() ? Present : null;

    public override async Task WriteAsync(string? value, CancellationToken cancellationToken)
    {
        var rules = await Firewalls.ReadNftAsync(Machine, cancellationToken).ConfigureAwait(false);
        int[] handles = [.. rules.HandlesOf(chain, comment)];
        if (value is null)
        {
            foreach (int handle in handles)
                await Machine.ChangeAsync("nft", ["delete", "rule", .. Chain, "handle", $"{handle}"], cancellationToken).ConfigureAwait(false);
        }
        else if (handles.Length == 0)
            await Machine.ChangeAsync("nft", ["insert", "rule", .. Chain, .. Rule(chain, port, comment)], cancellationToken).ConfigureAwait(false);
    }

    public override bool IsMarked(string? value) => value is not null; // the comment is the mark

    string[] Chain => [chain.Family, chain.Table, chain.Name];
}
