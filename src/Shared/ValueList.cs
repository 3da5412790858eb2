using System.Collections;
using System.Diagnostics.CodeAnalysis;

namespace TeredoSdk;

/// <summary>
/// A list for records. It is a copy, so later changes of the original do not affect it. Lists with the same items in the same order are equal.
/// </summary>
sealed class ValueList<T> : IReadOnlyList<T>
{
    readonly T[] _items;

    internal ValueList(IEnumerable<T> items) => _items = [.. items];

    public static ValueList<T> Empty { get; } = new([]);

    public int Count => _items.Length;

    public T this[int index] => _items[index];

    public IEnumerator<T> GetEnumerator() => _items.AsEnumerable().GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    public override bool Equals(object? obj) => obj is ValueList<T> other && _items.AsSpan().SequenceEqual(other._items, EqualityComparer<T>.Default);

    public override int GetHashCode()
    {
        HashCode hash = default;
        foreach (var item in _items)
            hash.Add(item);
        return hash.ToHashCode();
    }

    public override string ToString() => $"[{string.Join(", ", _items)}]";
}

/// <summary>Makes lists for records.</summary>
static class ValueList
{
    [return: NotNullIfNotNull(nameof(items))]
    public static IReadOnlyList<T>? Of<T>(IReadOnlyList<T>? items) => items is null or ValueList<T> ? items : new ValueList<T>(items);
}
