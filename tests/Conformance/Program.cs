using TeredoSdk.Protocol.Tests.Checklist;

// Prints the conformance checklist: row | status | the tests that show it, or the reason why none does.
var rows = ConformanceTable.Load();
foreach (var row in rows)
    Console.WriteLine($"{row.Id} | {row.Status,-13} | {string.Join(", ", row.Tests)}{(row.Tests.Count > 0 && row.Reason is not null ? "; " : "")}{row.Reason}");
Console.WriteLine();
foreach (var group in rows.CountBy(row => row.Status).OrderByDescending(group => group.Value))
    Console.WriteLine($"{group.Value} {group.Key}");
Console.WriteLine($"{rows.Count} rows");
return rows.Any(row => row.Status == "OPEN") ? 1 : 0;
