using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using TeredoSdk.Engine.Stacks;
using TeredoSdk.Sockets;

namespace TeredoSdk;

/// <summary>Datagrams that a <see cref="TeredoDatagramSocket"/> sends or receives in one call, each with its peer.</summary>
/// <remarks>
/// <para>
/// A batch is made once and used again and again. A batch that was received can be sent as it is: each datagram then goes back to its sender, with
/// the octets that the caller has changed in place.
/// </para>
/// <para>
/// Datagrams leave fastest when those to one peer follow each other and have one length. Not safe for several threads, and not to be touched while a call
/// uses it.
/// </para>
/// </remarks>
public sealed class TeredoDatagramBatch
{
    /// <summary>The largest number of datagrams that a batch can be made for.</summary>
    public const int MaxCapacity = 1024;

    /// <summary>Makes an empty batch. It takes about 1300 octets of memory for each datagram.</summary>
    /// <param name="capacity">How many datagrams it has room for, 1 to <see cref="MaxCapacity"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">The capacity is out of range.</exception>
    public TeredoDatagramBatch(int capacity = 64)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(capacity, MaxCapacity);
        Slots = new(capacity);
    }

    /// <summary>How many datagrams there is room for.</summary>
    public int Capacity => Slots.Capacity;

    /// <summary>How many datagrams there are.</summary>
    public int Count => Slots.Count;

    internal DatagramSlots Slots { get; }

    /// <summary>A datagram. The memory belongs to the batch; the caller may change its octets, but not its length.</summary>
    /// <param name="index">0 to <see cref="Count"/> less 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such datagram.</exception>
    public Memory<byte> this[int index] => Slots[index];

    /// <summary>The peer that a datagram came from or goes to. Allocates.</summary>
    /// <param name="index">0 to <see cref="Count"/> less 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such datagram.</exception>
    public IPEndPoint GetRemoteEndPoint(int index) => Slots.RemoteOf(index).ToIPEndPoint();

    /// <summary>The peer that a datagram came from or goes to. Allocates nothing.</summary>
    /// <param name="index">0 to <see cref="Count"/> less 1.</param>
    /// <param name="remote">Takes the peer; made by <c>new SocketAddress(AddressFamily.InterNetworkV6)</c>.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such datagram.</exception>
    /// <exception cref="ArgumentException"><paramref name="remote"/> is not for IPv6.</exception>
    public void CopyRemote(int index, SocketAddress remote)
    {
        EndPoints.CheckFamily(remote, nameof(remote));
        Slots.RemoteOf(index).Write(remote);
    }

    /// <summary>Adds a datagram. Allocates nothing.</summary>
    /// <param name="datagram">The datagram, at most <see cref="TeredoDatagramSocket.MaxDatagramOctets"/>; it is copied.</param>
    /// <param name="remote">The peer's IPv6 address and port.</param>
    /// <returns>False when the batch is full.</returns>
    /// <exception cref="ArgumentException">The end point is not an IPv6 one, or its port is 0.</exception>
    /// <exception cref="SocketException"><see cref="SocketError.MessageSize"/>: the datagram is too large.</exception>
    /// <exception cref="TeredoException">Teredo packets may not be sent to the peer's address.</exception>
    public bool TryAdd(ReadOnlySpan<byte> datagram, SocketAddress remote)
    {
        if (EndPoints.Check(remote, nameof(remote)) is { } refusal)
            throw refusal;
        RemotePort.TryRead(remote, out var to);
        return TryAdd(datagram, to);
    }

    /// <summary>Adds a datagram.</summary>
    /// <inheritdoc cref="TryAdd(ReadOnlySpan{byte}, SocketAddress)"/>
    [OverloadResolutionPriority(1)] // so that new(address, port) is an end point
    public bool TryAdd(ReadOnlySpan<byte> datagram, IPEndPoint remote)
    {
        EndPoints.Check(remote, nameof(remote));
        if (EndPoints.RefusalOf(remote.Address) is { } refusal)
            throw refusal;
        return TryAdd(datagram, RemotePort.From(remote));
    }

    /// <summary>Empties the batch. Its memory is kept.</summary>
    public void Clear() => Slots.Clear();

    bool TryAdd(ReadOnlySpan<byte> datagram, RemotePort remote)
    {
        if (datagram.Length > TeredoDatagramSocket.MaxDatagramOctets)
            throw TeredoDatagramSocket.TooLarge(datagram.Length);
        if (!Slots.HasRoom)
            return false;
        Slots.Add(remote, datagram);
        return true;
    }
}
