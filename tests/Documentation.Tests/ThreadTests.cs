using System.Text.RegularExpressions;

namespace TeredoSdk.Documentation.Tests;

/// <summary>docs/design/threads.md names every lock of the house.</summary>
public partial class ThreadTests
{
    [Test]
    public void Table_HasEveryLock()
    {
        string page = Pages.Read("docs/design/threads.md");
        var written = Row().Matches(page).SelectMany(match => Pages.Quoted(match.Groups["locks"].Value)).ToList();
        var locks = CodeNames.House.Where(assembly => assembly.GetName().Name is "TeredoSdk" or "TeredoSdk.Windows" or "TeredoSdk.Abstractions" or "TeredoSdk.Protocol" or "TeredoSdk.AspNetCore")
            .SelectMany(assembly => assembly.GetTypes()).SelectMany(type => type.GetFields(CodeNames.All)
                .Where(field => field.FieldType == typeof(Lock) && field.DeclaringType == type)
                .Select(field => $"{type.Name.Split('`')[0]}.{Property().Replace(field.Name, "$1")}")).ToList();
        Assert.That(locks, Has.Count.GreaterThan(15));
        Assert.That(locks.Except(written), Is.Empty, "not in the table of docs/design/threads.md");
    }

    // A row of the table of locks: its first cell has nothing but names with a member.
    [GeneratedRegex(@"^\| (?<locks>(`\w+\.\w+`(, )?)+) \|", RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex Row();

    // The field of a property.
    [GeneratedRegex("^<(.*)>k__BackingField$")]
    private static partial Regex Property();
}
