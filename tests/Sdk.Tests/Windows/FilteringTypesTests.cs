using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using TeredoSdk.Windows.Native.Filtering;

namespace TeredoSdk.Tests.Windows;

/// <summary>The layouts that a C compiler gives the structures of fwpmtypes.h for 64-bit Windows (mingw-w64's header, sizeof and offsetof).</summary>
public class FilteringTypesTests
{
    [SetUp]
    public void RequireWideAddresses() => Assume.That(nint.Size, Is.EqualTo(8), "the numbers are those of 64-bit systems");

    [Test]
    public void Filter_Layout_IsThatOfTheHeader() => Assert.Multiple(() =>
    {
        Assert.That(Unsafe.SizeOf<Filter>(), Is.EqualTo(200));
        Assert.That(Offset<Filter>(nameof(Filter.Name)), Is.EqualTo(16));
        Assert.That(Offset<Filter>(nameof(Filter.LayerKey)), Is.EqualTo(64));
        Assert.That(Offset<Filter>(nameof(Filter.SubLayerKey)), Is.EqualTo(80));
        Assert.That(Offset<Filter>(nameof(Filter.ConditionCount)), Is.EqualTo(112));
        Assert.That(Offset<Filter>(nameof(Filter.Conditions)), Is.EqualTo(120));
        Assert.That(Offset<Filter>(nameof(Filter.ActionType)), Is.EqualTo(128));
        Assert.That(Offset<Filter>(nameof(Filter.CalloutKey)), Is.EqualTo(132));
        Assert.That(Offset<Filter>(nameof(Filter.Context)), Is.EqualTo(152));
        Assert.That(Offset<Filter>(nameof(Filter.FilterId)), Is.EqualTo(176));
    });

    [Test]
    public void Condition_Layout_IsThatOfTheHeader() => Assert.Multiple(() =>
    {
        Assert.That(Unsafe.SizeOf<FilterCondition>(), Is.EqualTo(40));
        Assert.That(Offset<FilterCondition>(nameof(FilterCondition.Value)), Is.EqualTo(24));
    });

    [Test]
    public void SystemPorts_Layout_IsThatOfTheHeader() => Assert.Multiple(() =>
    {
        Assert.That(Unsafe.SizeOf<SystemPortsList>(), Is.EqualTo(16));
        Assert.That(Unsafe.SizeOf<SystemPortsOfType>(), Is.EqualTo(16));
        Assert.That(Offset<SystemPortsOfType>(nameof(SystemPortsOfType.Ports)), Is.EqualTo(8));
    });

    static int Offset<T>(string field) => (int)Marshal.OffsetOf<T>(field);
}
