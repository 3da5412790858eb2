using System.Reflection;

namespace TeredoSdk.Architecture.Tests;

/// <summary>The floors of the house, from the top down. A type may use types of its own floor and of those below it.</summary>
static class Floors
{
    /// <summary>Each floor: its name, the assembly, and the namespaces that belong to it with all that is below them.</summary>
    static readonly (string Name, string Assembly, string[] Namespaces)[] FromTheTop =
    [
        ("public face", "TeredoSdk", ["TeredoSdk", "Microsoft.Extensions.DependencyInjection"]),
        ("Hosting", "TeredoSdk", ["TeredoSdk.Hosting"]),
        ("Sockets", "TeredoSdk", ["TeredoSdk.Sockets"]),
        ("Doctor", "TeredoSdk", ["TeredoSdk.Doctor"]),
        ("Links", "TeredoSdk", ["TeredoSdk.Links"]),
        ("Engine", "TeredoSdk", ["TeredoSdk.Engine"]),
        ("Machine", "TeredoSdk", ["TeredoSdk.Machine"]),
        ("Linux setup", "TeredoSdk", ["TeredoSdk.Setup"]),
        ("Setup", "TeredoSdk.Windows", ["TeredoSdk.Windows.Setup"]),
        ("Windows", "TeredoSdk.Windows", ["TeredoSdk.Windows"]),
        ("Native", "TeredoSdk.Windows", ["TeredoSdk.Windows.Native"]),
        ("vocabulary", "TeredoSdk.Abstractions", ["TeredoSdk"]),
        ("Protocol", "TeredoSdk.Protocol", ["TeredoSdk.Protocol"]),
    ];

    /// <summary>The number of a type's floor, 0 for the highest one; null for a type that is not of the house.</summary>
    public static int? Of(Type type) => Of(type.Assembly.GetName().Name!, type.Namespace ?? "");

    public static string NameOf(int floor) => FromTheTop[floor].Name;

    /// <summary>The arrows of an assembly that point upwards: file, type, and the type that it uses.</summary>
    public static IEnumerable<string> UpwardArrows(Assembly assembly)
    {
        var files = new SourceFiles(assembly);
        return
            from type in TypeUses.WrittenIn(assembly)
            let floor = Of(type)
            where floor is not null
            from used in TypeUses.Of(type)
            let above = Of(used)
            where above < floor
            orderby floor, type.FullName
            select $"{NameOf(floor.Value)} -> {NameOf(above.Value)}: {string.Join(", ", files.Of(type))}: {type.Name} uses {used.Name}";
    }

    // The longest namespace that fits counts.
    static int? Of(string assembly, string @namespace)
    {
        int? best = null;
        int length = -1;
        for (int i = 0; i < FromTheTop.Length; i++)
        {
            foreach (string candidate in FromTheTop[i].Namespaces)
            {
                bool fits = FromTheTop[i].Assembly == assembly
                    && (@namespace == candidate || @namespace.StartsWith(candidate + ".", StringComparison.Ordinal)) && candidate.Length > length;
                if (fits)
                    (best, length) = (i, candidate.Length);
            }
        }
        return best;
    }
}
