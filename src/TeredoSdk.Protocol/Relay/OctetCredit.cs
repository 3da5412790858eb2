namespace TeredoSdk.Protocol.Relay;

/// <summary>Octets that may be sent to each of any number of IPv4 addresses, because as many were taken for them. In fixed memory.</summary>
/// <remarks>
/// A table of four-way sets, as in <see cref="RateLimiter"/>. A new address takes the cell with the least credit, which is lost.
/// </remarks>
sealed class OctetCredit(int size, IRandomSource random)
{
    const int Ways = 4, MaxCredit = 1 << 20;

    struct Cell
    {
        public uint Address;
        public int Credit;
    }

    readonly Cell[] _cells = new Cell[size];
    readonly SetHash _sets = new(size / Ways, random);

    public void Earn(IPv4Address address, int octets)
    {
        var set = SetOf(address);
        ref var least = ref set[0];
        foreach (ref var cell in set)
        {
            if (cell.Address == address.Value)
            {
                cell.Credit = Math.Min(MaxCredit, cell.Credit + octets);
                return;
            }
            if (cell.Credit < least.Credit)
                least = ref cell;
        }
        least = new() { Address = address.Value, Credit = octets };
    }

    public bool TrySpend(IPv4Address address, int octets)
    {
        foreach (ref var cell in SetOf(address))
        {
            if (cell.Address != address.Value || cell.Credit < octets)
                continue;
            cell.Credit -= octets;
            return true;
        }
        return false;
    }

    Span<Cell> SetOf(IPv4Address address) => _cells.AsSpan(_sets.Hash(address.Value) * Ways, Ways);
}
