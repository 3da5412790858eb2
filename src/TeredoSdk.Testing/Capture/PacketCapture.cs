namespace TeredoSdk.Testing;

/// <summary>The last datagrams seen at one point of the simulated internet, for a trace or a pcap file.</summary>
public sealed class PacketCapture
{
    readonly SimulatedNetwork? _network;
    readonly ISimulatedNode? _node;
    readonly Queue<SimulatedDatagram> _datagrams = [];

    /// <summary>Sees what is sent on a network (before links act on it), or what a node sends and receives.</summary>
    internal PacketCapture(SimulatedNetwork? network, ISimulatedNode? node)
    {
        _network = network;
        _node = node;
    }

    /// <summary>The most datagrams that are kept; then the oldest goes for each new one. 100,000 by default, 0 for none.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is negative.</exception>
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

    /// <summary>What is kept, from the oldest to the newest.</summary>
    public IReadOnlyCollection<SimulatedDatagram> Datagrams => _datagrams;

    /// <summary>Forgets what was kept.</summary>
    public void Clear() => _datagrams.Clear();

    /// <summary>Writes what is kept to a pcap file.</summary>
    /// <param name="path">The file, which is overwritten; missing folders are made.</param>
    public void WritePcap(string path)
    {
        if (Path.GetDirectoryName(Path.GetFullPath(path)) is { } folder)
            Directory.CreateDirectory(folder);
        using var stream = File.Create(path);
        WritePcap(stream);
    }

    /// <summary>Writes what is kept to a stream in pcap format; the stream stays open.</summary>
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
