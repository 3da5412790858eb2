using System.Globalization;

namespace TeredoSdk.Protocol.Tests;

public class InstantTests
{
    [Test]
    public void Text_InACultureWithDecimalCommas_HasAPoint()
    {
        var before = CultureInfo.CurrentCulture;
        var commas = (CultureInfo)CultureInfo.InvariantCulture.Clone();
        commas.NumberFormat.NumberDecimalSeparator = ",";
        try
        {
            CultureInfo.CurrentCulture = commas;
            Assert.That(Instant.FromSeconds(4.25).ToString(), Is.EqualTo("4.25 s"));
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }
}
