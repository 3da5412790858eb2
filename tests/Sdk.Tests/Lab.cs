using System.Net;
using TeredoSdk.Engine;
using TeredoSdk.Engine.PortMapping;
using TeredoSdk.Protocol;
using TeredoSdk.Protocol.Client;
using TeredoSdk.Protocol.Wire;

namespace TeredoSdk.Tests;

/// <summary>Servers and nodes on a network in memory, in virtual time. What a call causes has happened when it returns.</summary>
sealed class Lab : IAsyncDisposable
{
    public const string ServerAddress = "192.0.2.1", SecondServerAddress = "198.51.100.1";

    readonly List<IAsyncDisposable> _parts = [];
    int _streams;

    public MemoryNetwork Network { get; } = new();

    public ManualTime Time { get; } = new();

    /// <summary>The randomness of the next node or server of this lab.</summary>
    public LabRandom NextRandom() => new(_streams++);

    /// <summary>What asks the gateway of the nodes that are started; none by default.</summary>
    public IPortMapper? PortMapper { get; set; }

    /// <summary>The gateway of the machines of nodes that are started; not known by default.</summary>
    public NetworkGateway? Gateway { get; set; }

    /// <summary>What names resolve to on the machines of nodes; asked anew each time.</summary>
    public Func<string, string?> Names { get; set; } = _ => null;

    /// <summary>The machine of the node that was started last.</summary>
    public MemoryNetwork.MemoryHost Machine { get; private set; } = null!;

    public TeredoOptions Options => new()
    {
        Servers = [ServerAddress],
        AllowPrivateAddresses = true,
        TimeProvider = Time,
        Provider = TeredoProvider.Embedded,
        Sockets = TeredoSockets.InProcess,
        PortMapping = PortMapper is not null, // its answer comes from another thread, whenever that has its turn
        QualificationTimeout = TimeSpan.FromMinutes(2),
    };

    public TeredoServerHost StartServer(string address = ServerAddress, Action<TeredoServerHostOptions>? configure = null)
    {
        var secondary = new IPv4Address(IPv4Address.Parse(address).Value + 1).ToIPAddress();
        var options = new TeredoServerHostOptions
        {
            Address = IPAddress.Parse(address),
            SecondaryAddress = secondary,
            AllowPrivateAddresses = true,
            TimeProvider = Time,
        };
        configure?.Invoke(options);
        var server = TeredoServerHost.Start(options, Network.Host(address), NextRandom());
        _parts.Add(server);
        return server;
    }

    /// <summary>Starts a node that has its address when this returns.</summary>
    public async Task<TeredoNode> StartAsync(string address, Action<TeredoOptions>? configure = null)
    {
        var node = await BeginStart(address, configure).InTime();
        _parts.Add(node);
        return node;
    }

    /// <summary>Starts a node without waiting.</summary>
    public Task<TeredoNode> BeginStart(string address, Action<TeredoOptions>? configure = null, CancellationToken cancellationToken = default)
    {
        var options = Options;
        configure?.Invoke(options);
        Machine = Network.Host(address);
        Machine.Names = Names;
        Machine.Gateway = Gateway;
        return TeredoNode.StartAsync(options, new EngineParts(Machine, NextRandom(), PortMapper), cancellationToken);
    }

    /// <summary>Counts the router solicitations that go to an address from now on.</summary>
    public Func<int> CountSolicitations(string server)
    {
        int count = 0;
        var target = new IPv4Endpoint(IPv4Address.Parse(server), TeredoPorts.Server);
        var before = Network.Passes;
        Network.Passes = (from, to, payload) =>
        {
            if (to == target && Encapsulation.TryParse(payload, out var encapsulation, out _) && RouterSolicitation.Matches(encapsulation.Packet))
                count++;
            return before(from, to, payload);
        };
        return () => count;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var part in Enumerable.Reverse(_parts))
        {
            var ending = part.DisposeAsync().AsTask();
            if (!ending.IsCompleted)
                Time.AdvanceUntil(() => ending.IsCompleted, TimeSpan.FromMinutes(2)); // a node waits for the peers of its closed connections
            await ending.InTime();
        }
        Assert.That(Network.OpenSockets, Is.Zero, "a socket is left open");
        await Time.WhenNoTimerIsArmed().InTime(); // the runtime disposes the timer of a time limit a moment after the wait has ended
    }
}
