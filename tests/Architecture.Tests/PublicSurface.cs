using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace TeredoSdk.Architecture.Tests;

/// <summary>Writes the public and protected members of an assembly as C#-like text, in an order that does not depend on the source's.</summary>
/// <remarks>Left out is what the compiler writes by itself: what a record's positions imply, parameterless constructors of structs, accessors.</remarks>
public static class PublicSurface
{
    const BindingFlags Declared =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    public static string Describe(Assembly assembly) => string.Join("\n",
        assembly.GetExportedTypes().GroupBy(type => type.Namespace!).OrderBy(group => group.Key, StringComparer.Ordinal).Select(group =>
            $"namespace {group.Key}\n\n" + string.Join("\n", group.OrderBy(TypeText.Name, StringComparer.Ordinal).Select(Describe))));

    public static string Describe(Type type) => string.Concat(Members(type).Prepend(TypeText.Header(type)).Select(line => line + "\n"));

    static IEnumerable<string> Members(Type type)
    {
        if (type.IsEnum)
            return type.GetFields(BindingFlags.Public | BindingFlags.Static).Select(value => $"    {value.Name} = {EnumValue(value)}");
        if (type.IsSubclassOf(typeof(Delegate)))
            return [];
        return Sorted(type.GetConstructors(Declared).Where(IsVisible).Where(IsWritten), Constructor)
            .Concat(Sorted(type.GetFields(Declared).Where(field => field.IsPublic || field.IsFamily || field.IsFamilyOrAssembly), Field))
            .Concat(Sorted(type.GetProperties(Declared).Where(IsVisible).Where(IsWritten), Property))
            .Concat(Sorted(type.GetEvents(Declared).Where(@event => IsVisible(@event.AddMethod!)), Event))
            .Concat(Sorted(type.GetMethods(Declared).Where(IsVisible).Where(IsWritten), Method));
    }

    static IEnumerable<string> Sorted<T>(IEnumerable<T> members, Func<T, string> write) where T : MemberInfo => members
        .Select(member => (member.Name, Line: "    " + write(member)))
        .OrderBy(member => member.Name, StringComparer.Ordinal).ThenBy(member => member.Line, StringComparer.Ordinal).Select(member => member.Line);

    static bool IsVisible(MethodBase method) => method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly;

    static bool IsVisible(PropertyInfo property) => property.GetAccessors(nonPublic: true).Any(IsVisible);

    // An explicit implementation is private, so it does not come here. An accessor comes with its property.
    static bool IsWritten(MethodBase method) =>
        !method.IsDefined(typeof(CompilerGeneratedAttribute)) && (!method.IsSpecialName || method.IsConstructor || method.Name.StartsWith("op_", StringComparison.Ordinal));

    static bool IsWritten(PropertyInfo property) => property.Name != "EqualityContract";

    static string EnumValue(FieldInfo value)
    {
        string format = value.DeclaringType!.IsDefined(typeof(FlagsAttribute)) ? "0x{0:x}" : "{0}";
        return string.Format(CultureInfo.InvariantCulture, format, value.GetRawConstantValue());
    }

    static string Constructor(ConstructorInfo constructor) =>
        $"{Access(constructor)}{TypeText.SimpleName(constructor.DeclaringType!)}({Parameters(constructor)})";

    static string Field(FieldInfo field)
    {
        string access = field.IsPublic ? "public " : "protected ";
        string kind = field.IsLiteral ? "const " : (field.IsStatic ? "static " : "") + (field.IsInitOnly ? "readonly " : "");
        string type = TypeText.Of(field.FieldType, new NullabilityInfoContext().Create(field));
        return $"{access}{Required(field)}{kind}{type} {field.Name}{(field.IsLiteral ? " = " + Literal(field.GetRawConstantValue(), field.FieldType) : "")}";
    }

    static string Property(PropertyInfo property)
    {
        var accessors = property.GetAccessors(nonPublic: true).Where(IsVisible).ToList();
        var widest = accessors.Find(accessor => accessor.IsPublic) ?? accessors[0];
        var type = TypeText.Of(property.PropertyType, new NullabilityInfoContext().Create(property));
        string name = property.GetIndexParameters() is { Length: > 0 } indices ? $"this[{Parameters(indices, false)}]" : property.Name;
        string Accessor(MethodInfo accessor) => $"{(Access(accessor) == Access(widest) ? "" : Access(accessor))}{Kind(accessor)}; ";
        return $"{Access(widest)}{Required(property)}{Modifiers(widest)}{Ref(widest.ReturnParameter)}{type} {name} {{ {string.Concat(accessors.Select(Accessor))}}}";
    }

    static string Kind(MethodInfo accessor) =>
        accessor.Name.StartsWith("get_", StringComparison.Ordinal) ? "get"
        : accessor.ReturnParameter.GetRequiredCustomModifiers().Contains(typeof(IsExternalInit)) ? "init" : "set";

    static string Event(EventInfo @event) =>
        $"{Access(@event.AddMethod!)}{Modifiers(@event.AddMethod!)}event {TypeText.Of(@event.EventHandlerType!, new NullabilityInfoContext().Create(@event))} {@event.Name}";

    static string Method(MethodInfo method)
    {
        string returned = TypeText.Of(method.ReturnType, new NullabilityInfoContext().Create(method.ReturnParameter));
        string head = $"{Access(method)}{Modifiers(method)}";
        string arguments = $"({Parameters(method)}){TypeText.Constraints(method.GetGenericArguments())}";
        return method.Name switch
        {
            "op_Implicit" or "op_Explicit" => $"{head}{method.Name[3..].ToLowerInvariant()} operator {returned}{arguments}",
            var name when method.IsSpecialName => $"{head}{returned} operator {name[3..]}{arguments}",
            var name => $"{head}{Ref(method.ReturnParameter)}{returned} {name}{TypeText.Arguments(method.GetGenericArguments())}{arguments}",
        };
    }

    /// <summary>The parameters of a method, a constructor or a delegate.</summary>
    public static string Parameters(MethodBase method) => Parameters(method.GetParameters(), method.IsDefined(typeof(ExtensionAttribute)));

    static string Parameters(ParameterInfo[] parameters, bool isExtension) =>
        (isExtension ? "this " : "") + string.Join(", ", parameters.Select(Parameter));

    static string Parameter(ParameterInfo parameter)
    {
        bool isParams = parameter.IsDefined(typeof(ParamArrayAttribute)) || parameter.IsDefined(typeof(ParamCollectionAttribute));
        string scope = parameter.IsDefined(typeof(ScopedRefAttribute)) && !parameter.IsOut ? "scoped " : "";
        string type = TypeText.Of(parameter.ParameterType, new NullabilityInfoContext().Create(parameter));
        string value = parameter.HasDefaultValue ? " = " + Literal(parameter.RawDefaultValue, parameter.ParameterType) : "";
        return $"{(isParams ? "params " : "")}{scope}{Ref(parameter)}{type} {parameter.Name}{value}";
    }

    static string Ref(ParameterInfo parameter) =>
        !parameter.ParameterType.IsByRef ? ""
        : parameter.IsOut ? "out "
        : parameter.Position < 0 ? parameter.GetRequiredCustomModifiers().Length > 0 ? "ref readonly " : "ref "
        : parameter.IsDefined(typeof(RequiresLocationAttribute)) ? "ref readonly "
        : parameter.IsIn ? "in " : "ref ";

    static string Access(MethodBase method) => method.IsPublic ? "public " : "protected ";

    static string Required(MemberInfo member) => member.IsDefined(typeof(RequiredMemberAttribute)) ? "required " : "";

    static string Modifiers(MethodInfo method)
    {
        if (method.IsStatic)
            return method.IsAbstract ? "static abstract " : method.IsVirtual ? "static virtual " : "static ";
        if (method.DeclaringType!.IsInterface || !method.IsVirtual)
            return "";
        if (method.GetBaseDefinition() != method)
            return method.IsFinal ? "sealed override " : "override ";
        return method.IsAbstract ? "abstract " : method.IsFinal ? "" : "virtual ";
    }

    static string Literal(object? value, Type type) => value switch
    {
        null => Nullable.GetUnderlyingType(type) is null && type.IsValueType ? "default" : "null",
        string text => $"\"{text}\"",
        bool truth => truth ? "true" : "false",
        uint number => $"0x{number:x}",
        _ when (Nullable.GetUnderlyingType(type) ?? type) is { IsEnum: true } named => $"{TypeText.Name(named)}.{Enum.ToObject(named, value)}",
        _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };
}
