using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using TeredoSdk.Windows.Firewall;

namespace TeredoSdk.Windows.Setup;

/// <summary>The changes that the setup of an application made, and the state before them.</summary>
/// <param name="Version">The version of the record's format.</param>
/// <param name="Name">The application's name.</param>
/// <param name="ProgramPath">The application's program.</param>
/// <param name="Rules">The changed rules, in the order of the changes.</param>
/// <param name="Teredo">The changes of Windows' Teredo; null when it was not changed.</param>
/// <param name="NeedsTeredo">Whether the application needs Windows' Teredo switched on, whoever switched it on.</param>
/// <param name="Blocks">The disabled rules that blocked the program; null when there were none.</param>
/// <param name="Machine">The machine that the record is of, by its <see cref="MachineIdentity"/>; null in older records, and where it is not known.</param>
sealed record SetupRecord(
    int Version, string Name, string ProgramPath, IReadOnlyList<RuleRecord> Rules, TeredoRecord? Teredo = null, bool NeedsTeredo = false,
    IReadOnlyList<BlockRecord>? Blocks = null, string? Machine = null)
{
    public const int CurrentVersion = 1;

    public static SetupRecord Of(string name, string programPath) => new(CurrentVersion, name, programPath, []);

    /// <summary>Whether the record is that of an application. Two programs may have one name.</summary>
    public bool IsOf(string name, string program) => Name.Equals(name, StringComparison.OrdinalIgnoreCase) && RuleComparison.SamePath(ProgramPath, program);

    /// <summary>Whether the record could come from a setup. The reader of the file does not check the elements of lists, so this does.</summary>
    [JsonIgnore]
    public bool IsSound => Rules.All(rule => rule is { IsSound: true }) && Teredo?.Made.All(made => made is not null) != false
        && Blocks?.All(block => block is { IsSound: true }) != false;

    /// <summary>Returns the record with a change that is about to be made. The state before the first change stays.</summary>
    public SetupRecord WithRule(string name, FirewallRule? before, FirewallRule? made)
    {
        var known = Rules.FirstOrDefault(rule => rule.IsFor(name)) ?? new(name, [], before);
        var rule = made is null ? known with { IsRemoved = true }
            : known.Made.Contains(made) ? known : known with { Made = [.. known.Made, made] };
        return With(rule with { IsUnseen = before is null });
    }

    /// <summary>Returns the record with a rule that was changed and then seen as wanted.</summary>
    public SetupRecord WithSeen(string name) => Rules.FirstOrDefault(rule => rule.IsFor(name)) is { } known ? With(known with { IsUnseen = false }) : this;

    SetupRecord With(RuleRecord rule) => this with { Rules = [.. Rules.Where(other => !other.IsFor(rule.Name)), rule] };

    /// <summary>Returns the record without a rule that was restored.</summary>
    public SetupRecord WithoutRule(string name) => this with { Rules = [.. Rules.Where(rule => !rule.IsFor(name))] };

    /// <summary>Returns the record with rules of a name that blocked the program. What they were before the first change stays.</summary>
    public SetupRecord WithBlocks(string name, IReadOnlyList<FirewallRule> before, bool isPending)
    {
        var known = Blocks?.FirstOrDefault(block => block.IsFor(name)) ?? new(name, before);
        return this with { Blocks = [.. WithoutBlocks(name).Blocks ?? [], known with { IsPending = isPending }] };
    }

    /// <summary>Returns the record without such rules, which were restored.</summary>
    public SetupRecord WithoutBlocks(string name) => this with { Blocks = Blocks?.Where(block => !block.IsFor(name)).ToArray() is { Length: > 0 } left ? left : null };

    /// <inheritdoc cref="WithRule"/>
    public SetupRecord WithTeredo(TeredoConfiguration before, TeredoConfiguration made, IReadOnlyList<string> sources)
    {
        var known = Teredo ?? new(before, [], sources);
        return this with { Teredo = known.Made.Contains(made) ? known : known with { Made = [.. known.Made, made] } };
    }
}

/// <summary>The changes of a firewall rule.</summary>
/// <param name="Name">The rule's name.</param>
/// <param name="Made">
/// The versions that setups made of the rule, the last at the end. All of them are kept: an interrupted change leaves the version before, or a
/// mixture of both.
/// </param>
/// <param name="Before">The rule before the first change; null when there was none.</param>
/// <param name="IsRemoved">Whether a setup removed the rule, because it was not wanted. Then nobody else need have removed it.</param>
/// <param name="IsUnseen">Whether a setup added the rule, and did not see it since: the firewall may show it later.</param>
sealed record RuleRecord(string Name, IReadOnlyList<FirewallRule> Made, FirewallRule? Before = null, bool IsRemoved = false, bool IsUnseen = false)
{
    /// <inheritdoc cref="SetupRecord.IsSound"/>
    [JsonIgnore]
    public bool IsSound => Made.All(IsSetupsOwn) && (Before is null || IsSetupsOwn(Before));

    public bool IsFor(string name) => Name.Equals(name, StringComparison.OrdinalIgnoreCase);

    // Rules of other owners are left alone, even when a record names one.
    bool IsSetupsOwn(FirewallRule? rule) => rule is not null && IsFor(rule.Name) && ExceptionRules.IsOwn(rule, null);

    /// <summary>Whether the present rule is the work of setups, which a user may have disabled or narrowed.</summary>
    public bool IsOwnWork(FirewallRule current) => current == Before || RuleComparison.IsMixture(current, Before is null ? Made : [Before, .. Made])
        || Made.Any(made => RuleComparison.IsNarrowed(current, made));
}

/// <summary>Rules that blocked a program and were disabled.</summary>
/// <param name="Name">The name of all of them.</param>
/// <param name="Before">The rules before the first change.</param>
/// <param name="IsPending">Whether the change was not finished: the rules may be missing then.</param>
sealed record BlockRecord(string Name, IReadOnlyList<FirewallRule> Before, bool IsPending = false)
{
    /// <summary>Whether a restoration can only make rules that block.</summary>
    [JsonIgnore]
    public bool IsSound => Before.Count > 0 && Before.All(rule => rule is { Action: FirewallAction.Block } && IsFor(rule.Name));

    public bool IsFor(string name) => Name.Equals(name, StringComparison.OrdinalIgnoreCase);
}

/// <summary>The changes of Windows' Teredo.</summary>
/// <param name="Before">The settings before the first change.</param>
/// <param name="Made">The settings that setups made, the last at the end; null members were not set.</param>
/// <param name="Sources">What CIM, netsh and the registry said before the first change; for people.</param>
sealed record TeredoRecord(TeredoConfiguration Before, IReadOnlyList<TeredoConfiguration> Made, IReadOnlyList<string>? Sources = null)
{
    /// <summary>Whether some settings equal settings that a setup made.</summary>
    public bool HasMade(TeredoConfiguration settings) => Made.Any(made => IsMadeType(settings.Type, made)
        && (made.ServerName is null || TeredoActivation.IsSameServer(settings.ServerName, made.ServerName)));

    /// <summary>
    /// Joins this record with that of another application, whose setup came later. Usually the later setup found the settings that this one made. If
    /// it found others, a user chose them in the meantime, and they count as the state before.
    /// </summary>
    public TeredoRecord FollowedBy(TeredoRecord? later) => later is null ? this
        : HasMade(later.Before) ? this with { Made = [.. Made.Union(later.Made)] } : later with { Made = [.. Made.Union(later.Made)] };

    /// <summary>Whether nobody else changed the type since. The system may turn an enterprise client into a client, so that does not count.</summary>
    public bool IsOwnType(TeredoType? current) => current == Before.Type || Made.Any(made => IsMadeType(current, made));

    [JsonIgnore]
    public bool ChangedServer => Made.Any(made => made.ServerName is not null);

    /// <summary>Whether nobody else changed the server since.</summary>
    public bool IsOwnServer(string? current) => Made.Append(Before).Any(made => TeredoActivation.IsSameServer(current, made.ServerName));

    static bool IsMadeType(TeredoType? type, TeredoConfiguration made) =>
        type == made.Type || (type == TeredoType.Client && made.Type == TeredoType.EnterpriseClient);
}

/// <summary>Writes the record as a JSON file that people can read, and checks it when it is read.</summary>
[JsonSourceGenerationOptions(GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(SetupRecord))]
[JsonSerializable(typeof(SetupStep))]
[JsonSerializable(typeof(JsonElement))]
sealed partial class SetupJson : JsonSerializerContext
{
    public static SetupJson ForFiles { get; } = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters =
        {
            Names<FirewallProtocol>(),
            Names<FirewallDirection>(),
            Names<FirewallProfiles>(),
            Names<FirewallAction>(),
            Names<EdgeTraversal>(),
            Names<TeredoType>(),
        },
    });

    static JsonStringEnumConverter<T> Names<T>() where T : struct, Enum => new(JsonNamingPolicy.CamelCase);
}
