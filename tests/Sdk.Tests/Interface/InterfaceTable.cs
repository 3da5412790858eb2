using System.Net;
using TeredoSdk.Machine;
using TeredoSdk.Protocol;
using TeredoSdk.Protocol.Client;

namespace TeredoSdk.Tests.Interface;

/// <summary>Interfaces and routes as a test wants them, and the news that they changed.</summary>
sealed class InterfaceTable : IInterfaceTable, IHostNetwork
{
    public event Action? Changed;

    public List<InterfaceCandidate> Candidates { get; } = [];

    /// <summary>What this machine sends from; null stands for no route.</summary>
    public IPAddress? Source { get; set; }

    public void Set(string address, int index = 7)
    {
        Candidates.Clear();
        Candidates.Add(new("teredo", index, 1280, IPv6Address.Parse(address)));
        Source = IPAddress.Parse(address);
    }

    public void Change() => Changed?.Invoke();

    public IReadOnlyList<InterfaceCandidate> List() => Candidates;

    public IPAddress? FindSource(IPAddress target) => Source;

    public NetworkState Describe(IPv4Address server) => new();

    public IUdpTransport Open(IPv4Endpoint local, DatagramHandler handler) =>
        throw new NotSupportedException("An interface that is up needs no transport.");
}
