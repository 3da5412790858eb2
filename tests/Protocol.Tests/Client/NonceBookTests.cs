using TeredoSdk.Protocol.Client;

namespace TeredoSdk.Protocol.Tests.Client;

/// <summary>Which nonces of direct bubbles count (RFC 6081 §5.2), and what guessing brings.</summary>
public sealed class NonceBookTests
{
    static readonly SeededRandom Random = new(1);

    static Instant At(double seconds) => Instant.FromSeconds(seconds);

    [Test]
    public void LastTwoNonces_CountFor30Seconds()
    {
        var book = new NonceBook();
        uint first = book.Next(At(0), Random), second = book.Next(At(1), Random), third = book.Next(At(2), Random);
        Assert.Multiple(() =>
        {
            Assert.That(book.Matches(At(2), first), Is.False, "two others were sent since");
            Assert.That((book.Matches(At(30.99), second), book.Matches(At(31), second)), Is.EqualTo((true, false)));
            Assert.That((book.Matches(At(31.99), third), book.Matches(At(32), third)), Is.EqualTo((true, false)));
            Assert.That((book.Matches(At(2), null), book.Matches(At(2), third + 1)), Is.EqualTo((false, false)));
        });
        book.Void();
        Assert.That((book.Matches(At(2), second), book.Matches(At(2), third)), Is.EqualTo((false, false)));
    }

    [Test]
    public void TenWrongNoncesIn2Seconds_MakeItDeafFor30()
    {
        var book = new NonceBook();
        for (int i = 0; i < 9; i++)
            book.CountGuess(At(5 + i * 0.2));
        Assert.That(book.IsDeaf(At(6.9)), Is.False);
        book.CountGuess(At(6.99));
        Assert.That((book.IsDeaf(At(6.99)), book.IsDeaf(At(36.98)), book.IsDeaf(At(36.99))), Is.EqualTo((true, true, false)));
    }

    [Test]
    public void WrongNoncesOfTheLast2Seconds_AreForgotten()
    {
        var book = new NonceBook();
        for (int i = 0; i < 9; i++)
            book.CountGuess(At(5));
        for (int i = 0; i < 9; i++)
            book.CountGuess(At(7));
        Assert.That(book.IsDeaf(At(7)), Is.False);
        book.CountGuess(At(8.99));
        Assert.That(book.IsDeaf(At(8.99)), Is.True, "ten since 7 s");
    }
}
