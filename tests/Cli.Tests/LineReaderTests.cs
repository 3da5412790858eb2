using System.Text;
using TeredoSdk.Cli.Traffic;

namespace TeredoSdk.Cli.Tests;

/// <summary>Lines of stdin become datagrams, however they come in.</summary>
public sealed class LineReaderTests
{
    const int MostOctets = 65536;

    [TestCase("", new string[0])]
    [TestCase("\n", new[] { "" })]
    [TestCase("a", new[] { "a" })]
    [TestCase("a\n", new[] { "a" })]
    [TestCase("one\ntwo\n\nlast", new[] { "one", "two", "", "last" })]
    [TestCase("\n\nx\n", new[] { "", "", "x" })]
    public void Lines_AreThoseOfTheText_WhateverAReadBrings(string text, string[] lines)
    {
        foreach (int most in new[] { 1, 2, 3, 100 })
            Assert.That(Read(text, most), Is.EqualTo(lines), $"{most} octets at a time");
    }

    [Test]
    public void CarriageReturn_IsPartOfTheLine_ButOnWindows() =>
        Assert.That(Read("a\r\n\rb", 100), Is.EqualTo(new[] { OperatingSystem.IsWindows() ? "a" : "a\r", "\rb" }));

    [Test]
    public void Line_IsGivenAsSoonAsItIsThere()
    {
        var input = new Portions("one\ntwo\nthree", 100);
        using var lines = LineReader.Read(input).GetEnumerator();
        Assert.That(lines.MoveNext() && lines.MoveNext());
        Assert.That(input.Reads, Is.EqualTo(1), "nothing more is waited for");
    }

    [Test]
    public void LineThatIsTooLong_ComesInParts()
    {
        string longest = new('x', MostOctets);
        Assert.That(Read(longest + "yy\nz", 1000), Is.EqualTo(new[] { longest, "yy", "z" }));
        Assert.That(Read(longest[1..] + "\nz", 1000), Is.EqualTo(new[] { longest[1..], "z" }), "this one fits with its end");
        Assert.That(Read("a\n" + longest + "\n", MostOctets), Is.EqualTo(new[] { "a", longest, "" }));
    }

    [Test]
    public void ManyLines_MoreThanAreHeldAtOnce_AreAllThere()
    {
        string[] lines = [.. Enumerable.Range(0, 30_000).Select(i => $"line {i}")];
        Assert.That(Read(string.Join('\n', lines), 5000), Is.EqualTo(lines));
    }

    static List<string> Read(string text, int most) => [.. LineReader.Read(new Portions(text, most)).Select(line => Encoding.ASCII.GetString(line.Span))];

    /// <summary>A text that comes in portions.</summary>
    sealed class Portions(string text, int most) : MemoryStream(Encoding.ASCII.GetBytes(text))
    {
        public int Reads { get; private set; }

        public override int Read(byte[] buffer, int offset, int count)
        {
            Reads++;
            return base.Read(buffer, offset, Math.Min(count, most));
        }
    }
}
