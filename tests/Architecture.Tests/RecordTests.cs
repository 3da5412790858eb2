using System.Collections;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text;
using TeredoSdk.Protocol;
using TeredoSdk.Testing;

namespace TeredoSdk.Architecture.Tests;

/// <summary>Public records can get more members without breaking their users, and are equal when what they hold is.</summary>
public sealed class RecordTests
{
    static readonly Type[] Records =
    [
        .. new[] { typeof(IPv4Address), typeof(TeredoReport), typeof(TeredoNode), typeof(SimulatedInternet) }
            .SelectMany(type => type.Assembly.GetExportedTypes()).Where(IsRecord),
    ];

    static IEnumerable<TestCaseData> Collections => Records.Where(type => !type.ContainsGenericParameters).SelectMany(type => type.GetProperties())
        .Where(property => property.CanWrite && IsCollection(property.PropertyType))
        .Select(property => new TestCaseData(property).SetArgDisplayNames($"{property.DeclaringType!.Name}.{property.Name}"));

    // A positional one has a constructor and a Deconstruct that a further member changes.
    [TestCaseSource(nameof(Records))]
    public void Record_IsNotPositional(Type record) => Assert.That(record.GetMethod("Deconstruct"), Is.Null);

    [TestCaseSource(nameof(Collections))]
    public void Record_WithACollection_ComparesWhatIsInIt(PropertyInfo property)
    {
        var (one, same, other) = (With(property, 1), With(property, 1), With(property, 2));
        Assert.Multiple(() =>
        {
            Assert.That(same, Is.EqualTo(one).Using((IEqualityComparer)EqualityComparer<object>.Default));
            Assert.That(same.GetHashCode(), Is.EqualTo(one.GetHashCode()));
            Assert.That(other, Is.Not.EqualTo(one).Using((IEqualityComparer)EqualityComparer<object>.Default));
        });
    }

    [Test]
    public void Records_AreFound()
    {
        Assert.That(Records, Has.Member(typeof(TeredoReport)).And.Member(typeof(IPv4Endpoint)).And.Member(typeof(NatOptions)).And.No.Member(typeof(TeredoNode)));
        Assert.That(Collections.Count(), Is.GreaterThan(10));
    }

    static bool IsRecord(Type type) => type.GetMethod("PrintMembers", BindingFlags.Instance | BindingFlags.NonPublic, [typeof(StringBuilder)]) is not null;

    static bool IsCollection(Type type) => type != typeof(string) && (typeof(IEnumerable).IsAssignableFrom(type) || IsMemory(type));

    static bool IsMemory(Type type) => type.IsGenericType && type.GetGenericTypeDefinition() == typeof(ReadOnlyMemory<>);

    // Nothing else is set: what is required has its place in the tests of each type.
    static object With(PropertyInfo property, int count)
    {
        object record = RuntimeHelpers.GetUninitializedObject(property.DeclaringType!);
        property.SetValue(record, Make(property.PropertyType, count));
        return record;
    }

    static object Make(Type type, int count)
    {
        var items = type.GetGenericArguments();
        if (items.Length == 2)
        {
            var dictionary = (IDictionary)Activator.CreateInstance(typeof(Dictionary<,>).MakeGenericType(items))!;
            for (int i = 0; i < count; i++)
                dictionary[Key(items[0], i)] = Activator.CreateInstance(items[1]);
            return dictionary;
        }
        var array = Array.CreateInstance(items[0], count);
        return IsMemory(type) ? Activator.CreateInstance(type, array)! : array;
    }

    static object Key(Type type, int i) => type.IsEnum ? Enum.ToObject(type, i) : $"{i}";
}
