using System.Text.Json;

namespace TeredoSdk.Setup.Linux;

/// <summary>A chain of nftables.</summary>
/// <param name="Family">The family of its table, for example inet.</param>
/// <param name="Table">Its table.</param>
/// <param name="Name">Its name.</param>
readonly record struct NftChain(string Family, string Table, string Name)
{
    public override string ToString() => $"{Family} {Table} {Name}";
}

/// <summary>The ruleset of nftables, as <c>nft -j list ruleset</c> prints it (libnftables-json(5)).</summary>
sealed class NftRuleset
{
    /// <summary>What can become of a packet in a chain. Both, when that depends on what is not judged.</summary>
    [Flags]
    enum Verdicts
    {
        None = 0,
        Accepted = 1,
        Dropped = 2,
    }

    readonly IReadOnlyList<(NftChain Chain, string Hook, string Policy)> _bases;
    readonly ILookup<NftChain, JsonElement> _rules;

    NftRuleset(IReadOnlyList<(NftChain Chain, string Hook, string Policy)> bases, ILookup<NftChain, JsonElement> rules) => (_bases, _rules) = (bases, rules);

    static NftRuleset Of(JsonElement list)
    {
        List<(NftChain Chain, string Hook, string Policy)> bases = [];
        List<(NftChain, JsonElement)> rules = [];
        foreach (var item in list.EnumerateArray())
        {
            if (item.TryGetProperty("chain", out var chain) && chain.TryGetProperty("hook", out var hook))
                bases.Add((ChainOf(chain, "name"), hook.GetString()!, NftPacket.Text(chain, "policy")));
            else if (item.TryGetProperty("rule", out var rule))
                rules.Add((ChainOf(rule, "chain"), rule));
        }
        return new(bases, rules.ToLookup(rule => rule.Item1, rule => rule.Item2));
    }

    /// <exception cref="TeredoException">The text is not what nft prints.</exception>
    public static NftRuleset Parse(string json)
    {
        try
        {
            return Of(JsonDocument.Parse(json).RootElement.GetProperty("nftables"));
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new TeredoException(TeredoError.SetupFailed, $"The answer of `nft -j list ruleset` can't be read ({e.Message}).", e);
        }
    }

    /// <summary>The ruleset as it is without the rules that have a comment.</summary>
    public NftRuleset Without(string comment) => new(_bases, _rules.SelectMany(chain => chain, (chain, rule) => (chain.Key, Rule: rule))
        .Where(each => NftPacket.Text(each.Rule, "comment") != comment).ToLookup(each => each.Key, each => each.Rule));

    /// <summary>The chains at a hook that drop a packet: certainly, or perhaps, because that depends on what is not judged here.</summary>
    /// <param name="hook">For example input.</param>
    /// <param name="packet">The packet.</param>
    /// <param name="certainly">Whether only chains count that can't let the packet through.</param>
    public IEnumerable<NftChain> Blocking(string hook, NftPacket packet, bool certainly) => _bases
        .Where(each => each.Hook == hook && each.Chain.Family is ("ip" or "inet"))
        .Where(each =>
        {
            var verdicts = Judge(each.Chain, packet, depth: 0, out bool ends);
            if (!ends)
                verdicts |= each.Policy == "drop" ? Verdicts.Dropped : Verdicts.Accepted;
            return certainly ? verdicts == Verdicts.Dropped : verdicts.HasFlag(Verdicts.Dropped);
        })
        .Select(each => each.Chain);

    /// <summary>The handles of the rules of a chain that have a comment.</summary>
    public IEnumerable<int> HandlesOf(NftChain chain, string comment) =>
        _rules[chain].Where(rule => NftPacket.Text(rule, "comment") == comment).Select(rule => rule.GetProperty("handle").GetInt32());

    /// <summary>The chains that have a rule with a comment.</summary>
    public IEnumerable<NftChain> ChainsWith(string comment) =>
        _rules.Where(chain => chain.Any(rule => NftPacket.Text(rule, "comment") == comment)).Select(chain => chain.Key);

    static NftChain ChainOf(JsonElement element, string name) =>
        new(NftPacket.Text(element, "family"), NftPacket.Text(element, "table"), NftPacket.Text(element, name));

    /// <param name="chain">The chain.</param>
    /// <param name="packet">The packet.</param>
    /// <param name="depth">How many jumps led here; the kernel allows 16.</param>
    /// <param name="ends">Whether no packet like this one gets past the chain's last rule.</param>
    Verdicts Judge(NftChain chain, NftPacket packet, int depth, out bool ends)
    {
        var verdicts = Verdicts.None;
        ends = false;
        foreach (var rule in depth < 17 ? _rules[chain] : [])
        {
            bool? fits = true;
            foreach (var expression in rule.GetProperty("expr").EnumerateArray().Where(each => each.ValueKind == JsonValueKind.Object))
            {
                fits = And(fits, packet.Fits(expression, out var verdict));
                if (fits == false)
                    break;
                if (verdict is not { } statement)
                    continue;
                verdicts |= Follow(statement, chain, packet, depth, out bool isLast, out bool returns);
                if (fits == true && returns)
                    return verdicts; // the caller goes on
                if (fits == true && isLast)
                {
                    ends = true;
                    return verdicts;
                }
            }
        }
        return verdicts;
    }

    Verdicts Follow(JsonElement statement, NftChain chain, NftPacket packet, int depth, out bool ends, out bool returns)
    {
        (ends, returns) = (true, false);
        if (statement.TryGetProperty("accept", out _))
            return Verdicts.Accepted;
        if (statement.TryGetProperty("drop", out _) || statement.TryGetProperty("reject", out _))
            return Verdicts.Dropped;
        bool jumps = statement.TryGetProperty("jump", out var target), leads = !jumps && statement.TryGetProperty("goto", out target);
        if (jumps || leads)
        {
            var verdicts = Judge(chain with { Name = NftPacket.Text(target, "target") }, packet, depth + 1, out ends);
            returns = leads && !ends;
            return verdicts;
        }
        returns = statement.TryGetProperty("return", out _);
        ends = false;
        return statement.TryGetProperty("queue", out _) ? Verdicts.Accepted | Verdicts.Dropped : Verdicts.None;
    }

    static bool? And(bool? one, bool? other) => one == false || other == false ? false : one is null || other is null ? null : true;
}
