namespace TeredoSdk.Tests;

/// <summary>Each flag of an enumeration is a bit of its own, or several of the others.</summary>
public sealed class FlagsTests
{
    static IEnumerable<Type> Enumerations => typeof(TeredoNode).Assembly.GetTypes().Where(type => type.IsEnum && type.IsDefined(typeof(FlagsAttribute), false));

    [TestCaseSource(nameof(Enumerations))]
    public void Flags_AreBitsOfTheirOwn(Type type)
    {
        ulong[] values = [.. Enum.GetValuesAsUnderlyingType(type).Cast<object>().Select(Convert.ToUInt64)];
        ulong bits = values.Where(ulong.IsPow2).Aggregate(0UL, (all, bit) => all | bit);
        Assert.That(values, Is.Unique);
        Assert.That(ulong.IsPow2(bits + 1), $"none is left out of {bits:b}");
        Assert.That(values.Select(value => value & ~bits), Is.All.Zero);
    }
}
