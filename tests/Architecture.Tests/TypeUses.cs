using System.Reflection;
using System.Reflection.Emit;

namespace TeredoSdk.Architecture.Tests;

/// <summary>Which types a type uses, read from the compiled assembly: its bases, signatures, attributes and the code of its methods.</summary>
/// <remarks>Types that the compiler makes (closures, state machines) count as the type that they were written in. What a compiler leaves no trace of,
/// such as <c>nameof</c> and constants, is not seen.</remarks>
static class TypeUses
{
    const BindingFlags Declared = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static | BindingFlags.Instance | BindingFlags.DeclaredOnly;

    static readonly Dictionary<short, OpCode> OpCodesByValue = typeof(OpCodes).GetFields(BindingFlags.Public | BindingFlags.Static)
        .Select(field => (OpCode)field.GetValue(null)!).ToDictionary(code => code.Value);

    /// <summary>The types of an assembly that somebody wrote: none that is nested in another one.</summary>
    public static IEnumerable<Type> WrittenIn(Assembly assembly) => assembly.GetTypes().Where(type => type is { IsNested: false, Namespace: not null });

    /// <summary>The outermost types that a type uses.</summary>
    public static IReadOnlySet<Type> Of(Type type)
    {
        HashSet<Type> used = [];
        AddType(type, used);
        used.Remove(type);
        return used;
    }

    /// <summary>The type that it was written in.</summary>
    public static Type Outermost(Type type)
    {
        while (type.DeclaringType is { } outer)
            type = outer;
        return type;
    }

    static void AddType(Type type, HashSet<Type> used)
    {
        Add(type.BaseType, used);
        foreach (var implemented in type.GetInterfaces())
            Add(implemented, used);
        AddAttributes(type, used);
        AddConstraints(type.IsGenericTypeDefinition ? type.GetGenericArguments() : [], used);
        foreach (var field in type.GetFields(Declared))
        {
            Add(field.FieldType, used);
            AddAttributes(field, used);
        }
        foreach (var property in type.GetProperties(Declared))
            AddAttributes(property, used);
        foreach (var method in type.GetMethods(Declared).Concat<MethodBase>(type.GetConstructors(Declared)))
            AddMethod(method, used);
        foreach (var nested in type.GetNestedTypes(Declared))
            AddType(nested, used);
    }

    static void AddMethod(MethodBase method, HashSet<Type> used)
    {
        Add((method as MethodInfo)?.ReturnType, used);
        foreach (var parameter in method.GetParameters())
            Add(parameter.ParameterType, used);
        AddAttributes(method, used);
        if (method.IsGenericMethodDefinition)
            AddConstraints(method.GetGenericArguments(), used);
        if (method.GetMethodBody() is not { } body)
            return;
        foreach (var local in body.LocalVariables)
            Add(local.LocalType, used);
        foreach (var clause in body.ExceptionHandlingClauses.Where(clause => clause.Flags == ExceptionHandlingClauseOptions.Clause))
            Add(clause.CatchType, used);
        AddCode(method, body.GetILAsByteArray()!, used);
    }

    static void AddCode(MethodBase method, byte[] code, HashSet<Type> used)
    {
        var typeArguments = method.DeclaringType is { IsGenericType: true } declaring ? declaring.GetGenericArguments() : null;
        var methodArguments = method.IsGenericMethod ? method.GetGenericArguments() : null;
        for (int at = 0; at < code.Length;)
        {
            short value = code[at++];
            if (value == 0xFE)
                value = (short)(0xFE00 | code[at++]);
            var opCode = OpCodesByValue[value];
            if (opCode.OperandType is OperandType.InlineField or OperandType.InlineMethod or OperandType.InlineTok or OperandType.InlineType)
                AddMember(method.Module.ResolveMember(BitConverter.ToInt32(code, at), typeArguments, methodArguments), used);
            at += SizeOf(opCode.OperandType, code, at);
        }
    }

    static int SizeOf(OperandType operand, byte[] code, int at) => operand switch
    {
        OperandType.InlineNone => 0,
        OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
        OperandType.InlineVar => 2,
        OperandType.InlineI8 or OperandType.InlineR => 8,
        OperandType.InlineSwitch => 4 + 4 * BitConverter.ToInt32(code, at),
        _ => 4,
    };

    static void AddMember(MemberInfo? member, HashSet<Type> used)
    {
        Add(member as Type ?? member?.DeclaringType, used);
        if (member is FieldInfo field)
            Add(field.FieldType, used);
        if (member is MethodInfo { IsGenericMethod: true } generic)
            foreach (var argument in generic.GetGenericArguments())
                Add(argument, used);
        if (member is MethodInfo called)
            Add(called.ReturnType, used);
    }

    static void AddAttributes(MemberInfo member, HashSet<Type> used)
    {
        foreach (var attribute in member.GetCustomAttributesData())
        {
            Add(attribute.AttributeType, used);
            foreach (var argument in attribute.ConstructorArguments.Concat(attribute.NamedArguments.Select(named => named.TypedValue)))
                Add(argument.Value as Type, used);
        }
    }

    static void AddConstraints(Type[] parameters, HashSet<Type> used)
    {
        foreach (var constraint in parameters.SelectMany(parameter => parameter.GetGenericParameterConstraints()))
            Add(constraint, used);
    }

    static void Add(Type? type, HashSet<Type> used)
    {
        while (type?.HasElementType == true)
            type = type.GetElementType();
        if (type is null || type.IsGenericParameter || type.IsFunctionPointer)
            return;
        foreach (var argument in type.GenericTypeArguments)
            Add(argument, used);
        used.Add(Outermost(type.IsGenericType ? type.GetGenericTypeDefinition() : type));
    }
}
