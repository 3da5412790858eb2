namespace TeredoSdk.Cli.Tests;

/// <summary>Which pages a natively compiled command gives back after its start.</summary>
public sealed class StartMemoryTests
{
    // Lines of proc_pid_smaps(5), shortened.
    const string Maps = """
        55d0c0000000-55d0c0100000 r-xp 0001c000 08:01 1234                       /usr/bin/a program
        Size:               1024 kB
        Anonymous:             0 kB
        55d0c0100000-55d0c0180000 r--p 0011c000 08:01 1234                       /usr/bin/a program
        Size:                512 kB
        Anonymous:             4 kB
        55d0c0180000-55d0c0200000 rw-p 0019c000 08:01 1234                       /usr/bin/a program
        Anonymous:             0 kB
        55d0c0200000-55d0c0300000 r--p 00000000 00:00 0
        Anonymous:             0 kB
        7f0000000000-7f0000001000 r--s 00000000 08:01 99                         /var/cache/shared
        Anonymous:             0 kB
        7f0000002000-7f0000004000 r--p 00000000 08:01 77                         /usr/lib/libc.so.6
        Anonymous:             0 kB
        7ffd00000000-7ffd00002000 r-xp 00000000 00:00 0                          [vdso]
        Anonymous:             0 kB
        """;

    [Test]
    public void OnlyPagesThatEqualTheirFile_AreGivenBack() =>
        Assert.That(StartMemory.UnchangedRanges(Maps.Split('\n')), Is.EqualTo(new[] { (0x55d0c0000000UL, 0x55d0c0100000UL), (0x7f0000002000UL, 0x7f0000004000UL) }));
}
