using TeredoSdk.Machine;

namespace TeredoSdk.Tests;

/// <summary>Random octets come from the kernel, and each of them is random.</summary>
public class SystemRandomTests
{
    const int Draws = 32; // an octet that is never written stays 0 in all of them; a random one does so once in 10^77 runs

    [TestCase(0)]
    [TestCase(1)]
    [TestCase(256)]
    [TestCase(1000)] // more than the kernel promises at once
    public void Fill_WritesEachOctet(int length)
    {
        byte[] seen = new byte[length];
        for (int draw = 0; draw < Draws; draw++)
        {
            byte[] octets = SystemRandom.Instance.Next(length);
            for (int i = 0; i < length; i++)
                seen[i] |= octets[i];
        }
        Assert.That(seen, Has.None.EqualTo(0));
    }

    [Test]
    public void NextUInt16_IsNotAlwaysTheSame() =>
        Assert.That(Enumerable.Range(0, Draws).Select(_ => SystemRandom.Instance.NextUInt16()).Distinct().Count(), Is.GreaterThan(1));
}
