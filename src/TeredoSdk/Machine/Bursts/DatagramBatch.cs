using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using TeredoSdk.Protocol;

namespace TeredoSdk.Machine.Bursts;

/// <summary>Datagrams that are sent together. Each is a header, which the batch holds, and a payload somewhere else in memory that does not move.</summary>
/// <remarks>
/// Datagrams are added one by one and belong to a group: all datagrams of a group go to one target, and all but its last have the same length. The memory is
/// pinned, so system calls read it where it is. Not safe for several threads.
/// </remarks>
sealed unsafe class DatagramBatch
{
    /// <summary>How long a header may be, in octets: IPv6's and the longest of TCP.</summary>
    public const int HeaderOctets = 100;

    /// <summary>How long a datagram may be, in octets: what a device whose MTU is that of Teredo sends.</summary>
    public const int MaxDatagramOctets = 2048;

    /// <summary>How many datagrams a batch takes, if nothing else is said.</summary>
    public const int Capacity = 1024;

    readonly int _capacity, _headerOctets;
    readonly Group[] _groups;
    readonly byte[] _headerMemory;
    readonly Piece[] _pieceMemory;
    readonly byte* _headers;
    readonly Piece* _pieces; // for each datagram its header, then its payload
    int _groupCount;

    /// <param name="capacity">How many datagrams the batch takes.</param>
    /// <param name="headerOctets">How long a header may be, in octets; 0 when each payload is a whole datagram.</param>
    public DatagramBatch(int capacity = Capacity, int headerOctets = HeaderOctets)
    {
        (_capacity, _headerOctets, _groups) = (capacity, headerOctets, new Group[capacity]);
        _headerMemory = GC.AllocateUninitializedArray<byte>(capacity * headerOctets, pinned: true);
        _pieceMemory = GC.AllocateUninitializedArray<Piece>(2 * capacity, pinned: true);
        _headers = (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_headerMemory));
        _pieces = (Piece*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_pieceMemory));
    }

    /// <summary>How many datagrams there are.</summary>
    public int Count { get; private set; }

    /// <summary>How many more datagrams there is room for.</summary>
    public int Room => _capacity - Count;

    public Span<Group> Groups => _groups.AsSpan(0, _groupCount);

    /// <summary>The pieces of all datagrams: for each its header, then its payload, which may be empty.</summary>
    public Piece* Pieces => _pieces;

    /// <summary>Adds a datagram to the group that was begun last.</summary>
    /// <param name="headerLength">The header's length in octets, as long as the constructor allowed; the caller fills the header in.</param>
    /// <param name="payload">The payload; it must stay until the batch is sent.</param>
    /// <param name="payloadLength">The length of the payload in octets.</param>
    /// <returns>Where to write the header.</returns>
    public byte* Add(int headerLength, byte* payload, int payloadLength)
    {
        byte* header = _headers + Count * _headerOctets;
        _pieces[2 * Count] = new(header, headerLength);
        _pieces[2 * Count + 1] = new(payload, payloadLength);
        Count++;
        _groups[_groupCount - 1].Count++;
        return header;
    }

    /// <summary>Begins a group. There must be room for its datagrams.</summary>
    /// <param name="segmentSize">The length of each datagram but the last, in octets.</param>
    /// <param name="whole">The packet that the datagrams were cut from; of a group of one, the datagram itself.</param>
    public void Begin(int segmentSize, Piece whole) => _groups[_groupCount++] = new() { First = Count, SegmentSize = segmentSize, Whole = whole };

    /// <summary>The length of a datagram, in octets.</summary>
    public int LengthOf(int index) => (int)(_pieces[2 * index].Length + _pieces[2 * index + 1].Length);

    /// <summary>Copies a datagram.</summary>
    /// <returns>Its length in octets.</returns>
    public int CopyTo(int index, Span<byte> destination)
    {
        var header = _pieces[2 * index].Octets;
        var payload = _pieces[2 * index + 1].Octets;
        header.CopyTo(destination);
        payload.CopyTo(destination[header.Length..]);
        return header.Length + payload.Length;
    }

    /// <summary>Sends what has a transport. Groups that follow each other and leave by the same socket are sent together.</summary>
    public void Send()
    {
        var groups = Groups;
        for (int first = 0, end; first < groups.Length; first = end)
        {
            var transport = groups[first].Transport;
            for (end = first + 1; end < groups.Length && groups[end].Transport == transport;)
                end++;
            transport?.Send(this, first, end - first);
        }
    }

    /// <summary>Empties the batch.</summary>
    public void Clear() => (Count, _groupCount) = (0, 0);

    /// <summary>A run of datagrams to one target.</summary>
    public struct Group
    {
        /// <summary>The index of its first datagram.</summary>
        public int First;

        /// <summary>How many datagrams it has.</summary>
        public int Count;

        /// <summary>The length of each datagram but the last, in octets.</summary>
        public int SegmentSize;

        /// <summary>The packet that they were cut from; of a group of one, the datagram itself.</summary>
        public Piece Whole;

        /// <summary>Why its first datagram that was dropped was dropped, if one was; set by the driver.</summary>
        public DropReason Refused;

        /// <summary>How many of its datagrams were dropped; set by the driver.</summary>
        public int RefusedCount;

        /// <summary>Where it goes; set by the driver.</summary>
        public IPv4Endpoint Target;

        /// <summary>The transport that sends it; null when it is not sent this way.</summary>
        public IUdpTransport? Transport;
    }
}
