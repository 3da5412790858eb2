using System.Reflection;
using System.Runtime.CompilerServices;

namespace TeredoSdk.Architecture.Tests;

/// <summary>Types as C# writes them, without namespaces.</summary>
static class TypeText
{
    static readonly Dictionary<Type, string> Keywords = new()
    {
        [typeof(void)] = "void",
        [typeof(bool)] = "bool",
        [typeof(char)] = "char",
        [typeof(string)] = "string",
        [typeof(object)] = "object",
        [typeof(byte)] = "byte",
        [typeof(sbyte)] = "sbyte",
        [typeof(short)] = "short",
        [typeof(ushort)] = "ushort",
        [typeof(int)] = "int",
        [typeof(uint)] = "uint",
        [typeof(long)] = "long",
        [typeof(ulong)] = "ulong",
        [typeof(float)] = "float",
        [typeof(double)] = "double",
    };

    /// <summary>A type's first line: access, kind, name, what it derives from, its constraints.</summary>
    public static string Header(Type type)
    {
        string flags = type.IsDefined(typeof(FlagsAttribute)) ? "[Flags] " : "";
        if (type.IsEnum)
            return $"{flags}public enum {Name(type)} : {Of(type.GetEnumUnderlyingType())}";
        string constraints = Constraints(type.GetGenericArguments());
        if (type.IsSubclassOf(typeof(Delegate)))
            return $"public delegate {Of(type.GetMethod("Invoke")!.ReturnType)} {Name(type)}({PublicSurface.Parameters(type.GetMethod("Invoke")!)}){constraints}";
        return $"public {Kind(type)} {Name(type)}{Bases(type)}{constraints}";
    }

    static string Kind(Type type)
    {
        if (type.IsInterface)
            return "interface";
        bool isRecord = type.GetMethod("PrintMembers", BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.DeclaredOnly) is not null;
        string record = isRecord ? "record " : "";
        if (type.IsValueType)
            return $"{(type.IsDefined(typeof(IsReadOnlyAttribute)) ? "readonly " : "")}{(type.IsByRefLike ? "ref " : "")}{record}struct";
        string kind = type is { IsAbstract: true, IsSealed: true } ? "static " : type.IsAbstract ? "abstract " : type.IsSealed ? "sealed " : "";
        return kind + (isRecord ? "record" : "class");
    }

    // The base class, and the interfaces that neither it nor another interface brings along.
    static string Bases(Type type)
    {
        var brought = type.GetInterfaces().SelectMany(one => one.GetInterfaces()).Concat(type.BaseType?.GetInterfaces() ?? []).ToHashSet();
        var bases = type.GetInterfaces().Where(one => one.IsVisible && !brought.Contains(one)).Select(one => Of(one)).Order(StringComparer.Ordinal).ToList();
        if (type.BaseType is { } parent && parent != typeof(object) && parent != typeof(ValueType))
            bases.Insert(0, Of(parent));
        return bases.Count == 0 ? "" : " : " + string.Join(", ", bases);
    }

    /// <summary>A type where it is used; <paramref name="nullability"/> says where a question mark goes.</summary>
    public static string Of(Type type, NullabilityInfo? nullability = null)
    {
        if (type.IsByRef)
            return Of(type.GetElementType()!, nullability);
        string mark = nullability?.ReadState == NullabilityState.Nullable && !type.IsValueType ? "?" : "";
        if (type.IsArray)
            return $"{Of(type.GetElementType()!, nullability?.ElementType)}[{new string(',', type.GetArrayRank() - 1)}]{mark}";
        if (Nullable.GetUnderlyingType(type) is { } value)
            return Of(value) + "?";
        return Name(type, nullability) + mark;
    }

    /// <summary>The name with what encloses it and its type arguments.</summary>
    public static string Name(Type type) => Name(type, null);

    static string Name(Type type, NullabilityInfo? nullability)
    {
        if (Keywords.TryGetValue(type, out string? keyword))
            return keyword;
        string enclosing = type is { IsNested: true, IsGenericParameter: false } ? Name(type.DeclaringType!) + "." : "";
        return enclosing + SimpleName(type) + Arguments(type.GetGenericArguments(), nullability?.GenericTypeArguments);
    }

    /// <summary>The name alone.</summary>
    public static string SimpleName(Type type) => type.Name.Split('`')[0];

    /// <summary>Type parameters or arguments in their brackets, or nothing.</summary>
    public static string Arguments(Type[] arguments, NullabilityInfo[]? nullability = null) =>
        arguments.Length == 0 ? ""
        : $"<{string.Join(", ", arguments.Select((argument, i) => Of(argument, nullability is { Length: > 0 } ? nullability[i] : null)))}>";

    /// <summary>The where clauses of type parameters.</summary>
    public static string Constraints(Type[] parameters) => string.Concat(parameters.Where(parameter => parameter.IsGenericParameter)
        .Select(parameter => (parameter, limits: Limits(parameter).ToList())).Where(pair => pair.limits.Count > 0)
        .Select(pair => $" where {pair.parameter.Name} : {string.Join(", ", pair.limits)}"));

    static IEnumerable<string> Limits(Type parameter)
    {
        var attributes = parameter.GenericParameterAttributes;
        bool isStruct = attributes.HasFlag(GenericParameterAttributes.NotNullableValueTypeConstraint);
        if (attributes.HasFlag(GenericParameterAttributes.ReferenceTypeConstraint))
            yield return "class";
        if (isStruct)
            yield return "struct";
        foreach (var limit in parameter.GetGenericParameterConstraints().Where(limit => limit != typeof(ValueType)))
            yield return Of(limit);
        if (attributes.HasFlag(GenericParameterAttributes.DefaultConstructorConstraint) && !isStruct)
            yield return "new()";
        if (attributes.HasFlag(GenericParameterAttributes.AllowByRefLike))
            yield return "allows ref struct";
    }
}
