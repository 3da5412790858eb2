using System.Reflection;
using System.Runtime.InteropServices;
using System.Runtime.InteropServices.Marshalling;

namespace TeredoSdk.Platform.Tests.Windows;

/// <summary>Reads the table of methods of a C# declaration, as the source generator makes it.</summary>
static class ManagedTable
{
    public static ComTable Of(Type type) => new(type.Name, type.GUID, [.. Chain(type).SelectMany(Declared).Select(Method)]);

    /// <summary>An interface after its bases, each of which has one at most.</summary>
    static IEnumerable<Type> Chain(Type type)
    {
        var bases = type.GetInterfaces();
        return bases.OrderBy(each => each.GetInterfaces().Length).Append(type);
    }

    // In the order of the source. What the generator adds to repeat a base's methods has a body.
    static IEnumerable<MethodInfo> Declared(Type type) => type
        .GetMethods(BindingFlags.Instance | BindingFlags.Public | BindingFlags.DeclaredOnly)
        .Where(method => method.IsAbstract)
        .OrderBy(method => method.MetadataToken);

    static string Method(MethodInfo method)
    {
        var parameters = method.GetParameters().Select(Kind);
        bool keepsResult = method.GetMethodImplementationFlags().HasFlag(MethodImplAttributes.PreserveSig);
        if (!keepsResult && method.ReturnType != typeof(void))
            parameters = parameters.Append(Kind(method.ReturnParameter) + "*");
        return $"{method.Name}({string.Join(", ", parameters)})";
    }

    static string Kind(ParameterInfo parameter)
    {
        var type = parameter.ParameterType;
        return type == typeof(Guid).MakeByRefType() ? "pointer"
            : type.IsByRef ? Width(type.GetElementType()!, parameter) + "*"
            : Width(type, parameter);
    }

    static string Width(Type type, ParameterInfo parameter) =>
        type == typeof(string) ? HasBstr(parameter.Member.DeclaringType!) ? "bstr" : "string that is no bstr"
        : type == typeof(bool) ? parameter.GetCustomAttribute<MarshalAsAttribute>()?.Value == UnmanagedType.VariantBool ? "bool16" : "bool of 32"
        : type == typeof(ComVariant) ? "variant"
        : type == typeof(nint) || type.IsInterface ? "pointer"
        : type.IsEnum ? $"{8 * Marshal.SizeOf(type.GetEnumUnderlyingType())}"
        : $"{8 * Marshal.SizeOf(type)}";

    static bool HasBstr(Type type) => type.GetCustomAttribute<GeneratedComInterfaceAttribute>() is
    {
        StringMarshalling: StringMarshalling.Custom,
        StringMarshallingCustomType: var marshaller,
    } && marshaller == typeof(BStrStringMarshaller);
}
