namespace TeredoSdk.Platform.Tests.Windows;

/// <summary>A COM interface as a caller sees it: its identity and its methods in the order of its table, after IUnknown's three.</summary>
/// <param name="Name">The name.</param>
/// <param name="Id">The IID.</param>
/// <param name="Methods">The methods, each as "Name(width, width*)": one form for C and for C#.</param>
sealed record ComTable(string Name, Guid Id, IReadOnlyList<string> Methods)
{
    /// <summary>What of this one is not as in the other, each in words.</summary>
    public IReadOnlyList<string> DifferencesFrom(ComTable header)
    {
        List<string> differences = [];
        if (Id != header.Id)
            differences.Add($"{Name}: the IID is {Id} instead of {header.Id}");
        for (int i = 0; i < Math.Max(Methods.Count, header.Methods.Count); i++)
        {
            string own = Methods.ElementAtOrDefault(i) ?? "nothing", other = header.Methods.ElementAtOrDefault(i) ?? "nothing";
            if (own != other)
                differences.Add($"{Name}, place {i}: {own} instead of {other}");
        }
        return differences;
    }
}
