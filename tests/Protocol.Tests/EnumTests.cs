namespace TeredoSdk.Protocol.Tests;

/// <summary>The values of enumerations. A compiler copies them into whoever uses them, so that no other test sees one change.</summary>
public sealed class EnumTests
{
    static IEnumerable<Type> Flags() => typeof(TeredoAddress).Assembly.GetTypes().Where(type => type.IsEnum && type.IsDefined(typeof(FlagsAttribute), false));

    [TestCaseSource(nameof(Flags))]
    public void Flags_AreBitsOfTheirOwn(Type type)
    {
        var values = Enum.GetNames(type).ToDictionary(name => name, name => Convert.ToUInt64(Enum.Parse(type, name), null));
        Assert.That(values.Values, Is.Unique);
        Assert.That(values.GetValueOrDefault("None"), Is.Zero);
        ulong seen = 0;
        foreach (ulong value in values.Values.Order())
        {
            Assert.That((value & seen) == 0 || (value & ~seen) == 0, Is.True, $"{value:X}: bits of its own, or a name for several");
            seen |= value;
        }
    }
}
