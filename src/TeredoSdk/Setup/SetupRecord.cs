using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using TeredoSdk.Windows;
using TeredoSdk.Windows.Firewall;

namespace TeredoSdk.Setup;

/// <summary>What the setup of an application changed, and what was there before.</summary>
/// <param name="Version">The version of this form.</param>
/// <param name="Name">The application's name.</param>
/// <param name="ProgramPath">Its program.</param>
/// <param name="Rules">The rules that were changed, in that order.</param>
/// <param name="Teredo">Windows' Teredo, when it was changed.</param>
/// <param name="NeedsTeredo">Whether it was to be switched on for the application, whoever did that.</param>
sealed record SetupRecord(
    int Version, string Name, string ProgramPath, IReadOnlyList<RuleRecord> Rules, TeredoRecord? Teredo = null, bool NeedsTeredo = false)
{
    public const int CurrentVersion = 1;

    public static SetupRecord Of(string name, string programPath) => new(CurrentVersion, name, programPath, []);

    /// <summary>Whether a setup can have written it: the reader of the file checks no elements of lists.</summary>
    [JsonIgnore]
    public bool IsSound => Rules.All(rule => rule is { IsSound: true }) && Teredo?.Made.All(made => made is not null) != false;

    /// <summary>With a change that is about to be made. What was there before the first change stays.</summary>
    public SetupRecord WithRule(string name, FirewallRule? before, FirewallRule? made)
    {
        var known = Rules.FirstOrDefault(rule => rule.IsFor(name)) ?? new(name, [], before);
        var rule = made is null ? known with { IsRemoved = true }
            : known.Made.Contains(made) ? known : known with { Made = [.. known.Made, made] };
        return this with { Rules = [.. Rules.Where(other => !other.IsFor(name)), rule] };
    }

    /// <summary>Without a rule that is as it was before.</summary>
    public SetupRecord WithoutRule(string name) => this with { Rules = [.. Rules.Where(rule => !rule.IsFor(name))] };

    /// <inheritdoc cref="WithRule"/>
    public SetupRecord WithTeredo(TeredoConfiguration before, TeredoConfiguration made)
    {
        var known = Teredo ?? new(before, []);
        return this with { Teredo = known.Made.Contains(made) ? known : known with { Made = [.. known.Made, made] } };
    }
}

/// <summary>A rule that was changed.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Made">
/// What was made of it, the last at the end. All of them count, since a change that was cut short leaves the one before, or some members of each.
/// </param>
/// <param name="Before">What it was before the first change; null when there was none.</param>
/// <param name="IsRemoved">Whether a setup that did not want it removed it, so that nobody else needs to have.</param>
sealed record RuleRecord(string Name, IReadOnlyList<FirewallRule> Made, FirewallRule? Before = null, bool IsRemoved = false)
{
    /// <inheritdoc cref="SetupRecord.IsSound"/>
    [JsonIgnore]
    public bool IsSound => Made.All(IsSetupsOwn) && (Before is null || IsSetupsOwn(Before));

    public bool IsFor(string name) => Name.Equals(name, StringComparison.OrdinalIgnoreCase);

    // Others' rules are left alone, also when a record says otherwise.
    bool IsSetupsOwn(FirewallRule? rule) => rule is not null && IsFor(rule.Name) && ExceptionRules.IsOwn(rule, null);

    /// <summary>Whether nobody else changed the rule since.</summary>
    public bool IsOwnWork(FirewallRule current) => RuleComparison.IsMixture(current, Before is null ? Made : [Before, .. Made]);
}

/// <summary>Windows' Teredo, which was changed.</summary>
/// <param name="Before">Its settings before the first change.</param>
/// <param name="Made">What they were set to, the last at the end; null members were not.</param>
sealed record TeredoRecord(TeredoConfiguration Before, IReadOnlyList<TeredoConfiguration> Made)
{
    /// <summary>Whether some settings are what it was set to.</summary>
    public bool HasMade(TeredoConfiguration settings) => Made.Any(made => IsMadeType(settings.Type, made)
        && (made.ServerName is null || TeredoActivation.IsSameServer(settings.ServerName, made.ServerName)));

    /// <summary>
    /// Together with what another application found and made later. It found what this one made, or else what somebody chose meanwhile, which counts.
    /// </summary>
    public TeredoRecord FollowedBy(TeredoRecord? later) => later is null ? this
        : new(HasMade(later.Before) ? Before : later.Before, [.. Made.Union(later.Made)]);

    /// <summary>Whether nobody else changed the type since. A client is what the system may make of an enterprise client.</summary>
    public bool IsOwnType(TeredoType? current) => current == Before.Type || Made.Any(made => IsMadeType(current, made));

    [JsonIgnore]
    public bool ChangedServer => Made.Any(made => made.ServerName is not null);

    /// <summary>Whether nobody else changed the server since.</summary>
    public bool IsOwnServer(string? current) => Made.Append(Before).Any(made => TeredoActivation.IsSameServer(current, made.ServerName));

    static bool IsMadeType(TeredoType? type, TeredoConfiguration made) =>
        type == made.Type || (type == TeredoType.Client && made.Type == TeredoType.EnterpriseClient);
}

/// <summary>The record as a file: readable by people, and checked when it is read.</summary>
[JsonSourceGenerationOptions(GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(SetupRecord))]
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
