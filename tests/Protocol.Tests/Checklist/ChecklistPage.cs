using System.Text;

namespace TeredoSdk.Protocol.Tests.Checklist;

/// <summary>The page docs/protocol/checklist.md, made from the checklist.</summary>
public static class ChecklistPage
{
    const string Head = """
        # 6 Checklist

        Each row is a rule of an RFC, or one of our own ("ours"), that this implementation is held to. A test that shows a row names it:
        `[Conformance("C-034")]`. `dotnet run --project tests/Conformance` prints every row with its tests, or with the reason why none shows it.

        - Source: the RFC by its number, and the section.
        - Role: C client, S server, R relay (also the host-specific one).
        - MUST, SHOULD, MAY and their opposites are as strong as in the source. Where the source has the word in lower case, so has the row. A row
          without such a word describes a procedure.
        - Some rows say what the RFC wants and we do otherwise, on purpose: see [departures](../design/departures.md).

        This page is made from `tests/Protocol.Tests/Checklist/checklist.tsv`. After a change there:

        <!-- not run: it writes this page -->
        ```sh
        dotnet run --project tests/Conformance -- --page > docs/protocol/checklist.md
        ```

        """;

    /// <summary>The text of the page.</summary>
    public static string Format(IEnumerable<ConformanceRow> rows)
    {
        var page = new StringBuilder(Head.ReplaceLineEndings("\n"));
        foreach (var part in rows.GroupBy(row => row.Part))
        {
            page.Append($"\n## {part.Key}\n\n| row | source | role | rule |\n|---|---|---|---|\n");
            foreach (var row in part)
                page.Append($"| {row.Id} | {row.Source} | {row.Role} | {row.Requirement} |\n");
        }
        return page.ToString();
    }
}
