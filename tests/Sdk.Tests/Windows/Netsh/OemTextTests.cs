using System.Text;
using TeredoSdk.Windows.Native.Netsh;

namespace TeredoSdk.Tests.Windows.Netsh;

public class OemTextTests
{
    [Test]
    public void Decode_Utf8_IsTakenForIt() => Assert.That(OemText.Decode("Тип : client"u8.ToArray(), NotAsked), Is.EqualTo("Тип : client"));

    [Test]
    public void Decode_ByteOrderMark_IsObeyedAndLeftOut() => Assert.Multiple(() =>
    {
        Assert.That(OemText.Decode([0xEF, 0xBB, 0xBF, .. "é"u8], NotAsked), Is.EqualTo("é"));
        Assert.That(OemText.Decode([0xFF, 0xFE, .. Encoding.Unicode.GetBytes("é")], NotAsked), Is.EqualTo("é"));
    });

    [Test]
    public void Decode_NoUtf8_GoesByTheCodePage()
    {
        byte[] page866 = [0x92, 0xA8, 0xAF]; // "Тип"
        Assert.That(OemText.Decode(page866, bytes => bytes == page866 ? "Тип" : "other bytes"), Is.EqualTo("Тип"));
    }

    static string NotAsked(byte[] bytes) => throw new AssertionException("the code page was asked");
}
