using TeredoSdk.Protocol.Tests.Checklist;

// Prints the conformance checklist: row | status | the tests that show it, or the reason why none does. With --tcp: that of the TCP inside the process,
// each row with its section and rule. With --page: the page docs/protocol/checklist.md.
bool tcp = args is ["--tcp"];
var rows = tcp ? ConformanceTable.LoadTcp() : ConformanceTable.Load();
if (args.Length > 0 && !tcp)
{
    bool known = args is ["--page"];
    (known ? Console.Out : Console.Error).Write(known ? ChecklistPage.Format(rows) : $"'{args[0]}' is not an option; the command takes --tcp, --page or none.\n");
    return known ? 0 : 2;
}
foreach (var row in rows)
    Console.WriteLine($"{row.Id} | {(tcp ? $"{row.Source} | {row.Role} | {row.Requirement} | " : "")}{row.Status,-13} | {string.Join(", ", row.Tests)}{(row.Tests.Count > 0 && row.Reason is not null ? "; " : "")}{row.Reason}");
Console.WriteLine();
foreach (var group in rows.CountBy(row => row.Status).OrderByDescending(group => group.Value))
    Console.WriteLine($"{group.Value} {group.Key}");
Console.WriteLine($"{rows.Count} rows");
return rows.Any(row => row.Status == "OPEN") ? 1 : 0;
