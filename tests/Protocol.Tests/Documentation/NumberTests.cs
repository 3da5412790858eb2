using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;
using TeredoSdk.Protocol.Server;

namespace TeredoSdk.Protocol.Tests.Documentation;

/// <summary>The numbers that docs/protocol tells are those of the code.</summary>
public partial class NumberTests
{
    const BindingFlags Any = BindingFlags.Static | BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic;
    static readonly ILookup<string, Type> Types = typeof(TeredoAddress).Assembly.GetTypes().ToLookup(type => type.Name);

    /// <summary>The rows of all tables whose last cell is a member: page, value, type, member.</summary>
    static IEnumerable<TestCaseData> Rows() => Pages.All.Where(page => page.Path.StartsWith("docs/protocol/", StringComparison.Ordinal))
        .SelectMany(page => Row().Matches(page.Text))
        .Select(match => new TestCaseData(match.Groups["value"].Value, match.Groups["more"].Value, match.Groups["type"].Value, match.Groups["member"].Value)
            .SetName($"{{m}}({match.Groups["type"].Value}.{match.Groups["member"].Value})"));

    [TestCaseSource(nameof(Rows))]
    public void Number_InThePage_IsTheCodes(string written, string more, string type, string member)
    {
        Assert.That(Types[type], Is.Not.Empty, $"there is no {type}");
        var found = Types[type].SelectMany(each => each.GetMember(member, Any)).ToList();
        Assert.That(found, Is.Not.Empty, $"{type} has no {member}");
        if (found[0] is PropertyInfo { PropertyType: var kind } property && kind == typeof(RateLimit))
            Assert.That(property.GetValue(new ServerRateLimits()), Is.EqualTo(new RateLimit(int.Parse(written, CultureInfo.InvariantCulture), int.Parse(more, CultureInfo.InvariantCulture))));
        else if (Parse(written) is { } number)
            Assert.That(ValueOf(found[0]), Is.EqualTo(number));
    }

    // "4", "1280 octets", "4 s"; null for what is told in words.
    static object? Parse(string written)
    {
        if (!Simple().IsMatch(written))
            return null;
        string[] parts = written.Split(' ');
        double number = double.Parse(parts[0], CultureInfo.InvariantCulture);
        return parts.ElementAtOrDefault(1) switch
        {
            "ms" => TimeSpan.FromMilliseconds(number),
            "s" => TimeSpan.FromSeconds(number),
            "min" => TimeSpan.FromMinutes(number),
            "h" => TimeSpan.FromHours(number),
            _ => number,
        };
    }

    static object? ValueOf(MemberInfo member)
    {
        object? value = member switch
        {
            FieldInfo field => field.GetValue(null),
            PropertyInfo property => property.GetValue(Activator.CreateInstance(property.DeclaringType!)), // an option: its default
            _ => throw new AssertionException($"{member} has no value"),
        };
        return value is TimeSpan ? value : Convert.ToDouble(value, CultureInfo.InvariantCulture);
    }

    [GeneratedRegex(@"^\| [^|]+ \| (?<value>[^|]+) \|( (?<more>[^|]+) \|)? `(?<type>[A-Z]\w+)\.(?<member>[A-Z]\w+)` \|$", RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex Row();

    [GeneratedRegex(@"^\d+( (ms|s|min|h|octets))?$", RegexOptions.ExplicitCapture)]
    private static partial Regex Simple();
}
