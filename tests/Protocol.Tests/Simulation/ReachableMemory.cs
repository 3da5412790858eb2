using System.Reflection;
using System.Runtime.CompilerServices;

namespace TeredoSdk.Protocol.Tests.Simulation;

/// <summary>How much memory an object holds: itself and everything that it reaches, as a number of objects and array elements.</summary>
static class ReachableMemory
{
    const BindingFlags Fields = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

    public static long Of(object root)
    {
        var seen = new HashSet<object>(ReferenceEqualityComparer.Instance);
        var open = new Stack<object>([root]);
        long weight = 0;
        while (open.TryPop(out object? next))
        {
            if (next is string or MemberInfo or Delegate || (!next.GetType().IsValueType && !seen.Add(next)))
                continue;
            weight++;
            if (next is Array array)
            {
                weight += array.Length;
                if (HasReferences(array.GetType().GetElementType()!))
                    foreach (object? element in array)
                        Push(element);
            }
            else
                foreach (var field in FieldsOf(next.GetType()).Where(field => HasReferences(field.FieldType)))
                    Push(field.GetValue(next));
        }
        return weight;

        void Push(object? value)
        {
            if (value is not null)
                open.Push(value);
        }
    }

    static IEnumerable<FieldInfo> FieldsOf(Type? type)
    {
        for (; type is not null && type != typeof(object); type = type.BaseType)
            foreach (var field in type.GetFields(Fields))
                yield return field;
    }

    static bool HasReferences(Type type) => !type.IsPointer && !type.IsByRefLike && (bool)typeof(RuntimeHelpers)
        .GetMethod(nameof(RuntimeHelpers.IsReferenceOrContainsReferences))!.MakeGenericMethod(type).Invoke(null, null)!;
}
