using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using TeredoSdk.Testing;
using TeredoSdk.Windows;

namespace TeredoSdk.Architecture.Tests;

/// <summary>The seam to Windows is marked as experimental, and nothing that is not marked shows it.</summary>
public sealed class ExperimentalTests
{
    const BindingFlags Declared = BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    static readonly Type[] Types =
        [.. new[] { typeof(TeredoReport), typeof(WindowsSystem), typeof(TeredoNode), typeof(SimulatedInternet) }.SelectMany(type => type.Assembly.GetExportedTypes())];

    [TestCase(typeof(IWindowsSystem))]
    [TestCase(typeof(IWindowsFirewall))]
    [TestCase(typeof(Reading<>))]
    [TestCase(typeof(Reading))]
    [TestCase(typeof(WindowsSystem))]
    [TestCase(typeof(FakeWindows))]
    [TestCase(typeof(FakeFirewall))]
    [TestCase(typeof(FakeNetsh))]
    [TestCase(typeof(FakeTeredo))]
    [TestCase(typeof(FakeWindowsSocket))]
    public void Seam_IsMarked(Type type) => Assert.That(type.GetCustomAttribute<ExperimentalAttribute>()?.DiagnosticId, Is.EqualTo("TEREDO001"));

    [Test]
    public void Member_ThatIsNotMarked_ShowsNothingThatIs()
    {
        var shown = from type in Types
                    where !IsMarked(type)
                    from member in type.GetMembers(Declared)
                    where !IsMarked(member) && !(member is MethodInfo { IsSpecialName: true }) && Signature(member).SelectMany(Parts).Any(IsMarked)
                    select $"{type.Name}.{member.Name}";
        Assert.That(shown, Is.Empty);
    }

    [Test]
    public void Member_ThatIsMarked_IsFound()
    {
        Assert.That(IsMarked(typeof(TeredoOptions).GetProperty(nameof(TeredoOptions.Windows))!));
        Assert.That(Parts(typeof(Task<Reading<IReadOnlyList<FirewallRule>>>)).Any(IsMarked));
        Assert.That(Parts(typeof(Task<IReadOnlyList<FirewallRule>>)).Any(IsMarked), Is.False);
    }

    static bool IsMarked(MemberInfo member) => member.IsDefined(typeof(ExperimentalAttribute), inherit: false);

    static IEnumerable<Type> Signature(MemberInfo member) => member switch
    {
        MethodInfo method => [method.ReturnType, .. method.GetParameters().Select(parameter => parameter.ParameterType)],
        ConstructorInfo constructor => constructor.GetParameters().Select(parameter => parameter.ParameterType),
        PropertyInfo property => [property.PropertyType],
        FieldInfo field => [field.FieldType],
        EventInfo @event => [@event.EventHandlerType!],
        _ => [],
    };

    // A type and all that it is made of.
    static IEnumerable<Type> Parts(Type type) => type.HasElementType ? Parts(type.GetElementType()!)
        : type.IsGenericType ? type.GetGenericArguments().SelectMany(Parts).Prepend(type.GetGenericTypeDefinition())
        : [type];
}
