using System.Reflection;
using System.Text.RegularExpressions;
using TeredoSdk.AspNetCore;
using TeredoSdk.Protocol.Client;
using TeredoSdk.Testing;
using TeredoSdk.Windows;

namespace TeredoSdk.Documentation.Tests;

/// <summary>The types and members that pages may name: those of the house, public or not, and those of .NET.</summary>
static partial class CodeNames
{
    public const BindingFlags All = BindingFlags.Static | BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic;

    /// <summary>The assemblies of src.</summary>
    public static readonly IReadOnlyList<Assembly> House =
    [
        typeof(TeredoNode).Assembly, typeof(WindowsSystem).Assembly, typeof(TeredoReport).Assembly, typeof(TeredoClient).Assembly, typeof(SimulatedInternet).Assembly,
        typeof(TeredoEndPoint).Assembly, Assembly.Load("teredo"),
    ];

    static readonly Assembly[] Net =
    [
        typeof(object).Assembly, typeof(System.Net.Sockets.Socket).Assembly, typeof(System.Threading.Channels.Channel).Assembly,
        typeof(System.Net.Http.HttpClient).Assembly, typeof(System.Net.NetworkInformation.NetworkChange).Assembly,
        typeof(System.Net.IPAddress).Assembly, typeof(TimeProvider).Assembly,
    ];

    static readonly ILookup<string, Type> Types = House.Concat(Net).SelectMany(assembly => assembly.GetTypes()).ToLookup(type => type.Name.Split('`')[0]);

    static readonly Lazy<HashSet<string>> Words = new(() => [.. Pages.Files
        .Where(path => Path.GetExtension(path) is ".cs" or ".cpp" or ".csproj")
        .SelectMany(path => Word().Matches(Pages.Read(path))).Select(match => match.Value)]);

    /// <summary>Whether a word occurs in a source, as the name of anything.</summary>
    public static bool IsWordOfCode(string word) => Words.Value.Contains(word);

    /// <summary>Whether "Type.Member" or "Namespace.Name" exists.</summary>
    public static bool Exists(string type, string member)
    {
        if (Types[type].Any(each => HasMember(each, member)))
            return true;
        string whole = $"{type}.{member}";
        if (Pages.Files.Any(path => path.StartsWith($"src/{whole}/", StringComparison.Ordinal)))
            return true; // a project
        if (Pages.Files.Any(path => path.StartsWith("tests/", StringComparison.Ordinal) && Path.GetFileName(path) == $"{type}.cs"
            && Regex.IsMatch(Pages.Read(path), $@"\b{member}\b")))
            return true; // a type of the tests
        return House.Concat(Net).Any(assembly => assembly.GetName().Name == whole || assembly.GetTypes().Any(each =>
            each.Namespace == whole || (each.Namespace == type && each.Name == member)));
    }

    static bool HasMember(Type type, string member)
    {
        for (Type? each = type; each is not null; each = each.BaseType)
            if (each.GetMember(member, All).Length > 0)
                return true;
        return type.GetInterfaces().Any(implemented => implemented.GetMember(member, All).Length > 0);
    }

    [GeneratedRegex(@"[A-Za-z_]\w+")]
    private static partial Regex Word();
}
