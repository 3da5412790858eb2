namespace TeredoSdk.Testing;

/// <summary>Keeps the last datagrams that were seen at one point of the simulated internet, for a trace or a pcap file.</summary>
public sealed class PacketCapture
{
    readonly SimulatedNetwork? _network;
    readonly ISimulatedNode? _node;
    readonly Queue<SimulatedDatagram> _datagrams = [];

    /// <summary>Captures the datagrams that are sent on a network (before links act on them), or those that a node sends and receives.</summary>
    internal PacketCapture(SimulatedNetwork? network, ISimulatedNode? node)
    {
        _network = network;
        _node = node;
    }

    /// <summary>
    /// The largest number of datagrams to keep; after that, each new one replaces the oldest. The default is 100,000; 0 keeps none.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative.</exception>
    public int Capacity
    {
        get;
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            field = value;
            Trim();
        }
    } = 100_000;

    /// <summary>The kept datagrams, from the oldest to the newest.</summary>
    public IReadOnlyCollection<SimulatedDatagram> Datagrams => _datagrams;

    /// <summary>Removes all kept datagrams.</summary>
    public void Clear() => _datagrams.Clear();

    /// <summary>Writes the kept datagrams to a pcap file.</summary>
    /// <param name="path">The file, which is overwritten. Missing folders are created.</param>
    public void WritePcap(string path)
    {
        if (Path.GetDirectoryName(Path.GetFullPath(path)) is { } folder)
            Directory.CreateDirectory(folder);
        using var stream = File.Create(path);
        WritePcap(stream);
    }

    /// <summary>Writes the kept datagrams to a stream in pcap format. The stream stays open.</summary>
    public void WritePcap(Stream stream)
    {
        var writer = new PcapWriter(stream);
        foreach (var datagram in _datagrams)
            writer.Write(datagram);
    }

    internal void Sent(SimulatedNetwork on, in SimulatedDatagram datagram)
    {
        if (on == _network || datagram.From == _node)
            Add(datagram);
    }

    internal void Arrived(ISimulatedNode at, in SimulatedDatagram datagram)
    {
        if (at == _node && datagram.From != at)
            Add(datagram);
    }

    void Add(in SimulatedDatagram datagram)
    {
        _datagrams.Enqueue(datagram);
        Trim();
    }

    void Trim()
    {
        while (_datagrams.Count > Capacity)
            _datagrams.Dequeue();
    }
}
