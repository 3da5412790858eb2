using System.Collections;
using System.Diagnostics.CodeAnalysis;

namespace TeredoSdk;

/// <summary>
/// A dictionary for records. It is a copy, so later changes of the original do not affect it. Two of them are equal when they have the same keys and
/// values.
/// </summary>
sealed class ValueDictionary<TKey, TValue> : IReadOnlyDictionary<TKey, TValue> where TKey : notnull
{
    readonly Dictionary<TKey, TValue> _items; // enumerates in the order in which items were added

    internal ValueDictionary(IEnumerable<KeyValuePair<TKey, TValue>> items) => _items = new(items);

    public static ValueDictionary<TKey, TValue> Empty { get; } = new([]);

    public IEnumerable<TKey> Keys => _items.Keys;

    public IEnumerable<TValue> Values => _items.Values;

    public int Count => _items.Count;

    public TValue this[TKey key] => _items[key];

    public bool ContainsKey(TKey key) => _items.ContainsKey(key);

    public bool TryGetValue(TKey key, [MaybeNullWhen(false)] out TValue value) => _items.TryGetValue(key, out value);

    public IEnumerator<KeyValuePair<TKey, TValue>> GetEnumerator() => _items.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    public override bool Equals(object? obj) => obj is ValueDictionary<TKey, TValue> other && Count == other.Count
        && _items.All(item => other.TryGetValue(item.Key, out var value) && EqualityComparer<TValue>.Default.Equals(item.Value, value));

    public override int GetHashCode() => _items.Aggregate(0, (hash, item) => hash ^ HashCode.Combine(item.Key, item.Value)); // does not depend on the order

    public override string ToString() => $"[{string.Join(", ", _items.Select(item => $"{item.Key}: {item.Value}"))}]";
}

/// <summary>Makes dictionaries for records.</summary>
static class ValueDictionary
{
    [return: NotNullIfNotNull(nameof(items))]
    public static IReadOnlyDictionary<TKey, TValue>? Of<TKey, TValue>(IReadOnlyDictionary<TKey, TValue>? items) where TKey : notnull =>
        items is null or ValueDictionary<TKey, TValue> ? items : new ValueDictionary<TKey, TValue>(items);
}
