using System.Diagnostics;
using System.Net;
using System.Security.Cryptography;
using GameServer.Game;
using TeredoSdk;

namespace GameServer;

/// <summary>Runs the game's client at a socket of its own. Not for several threads: its owner calls <see cref="Tick"/> 30 times a second.</summary>
sealed class Seat : IAsyncDisposable
{
    readonly TeredoDatagramSocket _socket;
    readonly Outbox _outbox;
    readonly Stopwatch _clock = Stopwatch.StartNew();
    readonly byte[] _buffer = new byte[TeredoDatagramSocket.MaxDatagramOctets];
    readonly SocketAddress _source = Peer.NewSocketAddress();
    readonly Send _send;

    Seat(TeredoDatagramSocket socket, string name, Peer server)
    {
        (_socket, _outbox) = (socket, new(socket));
        _send = _outbox.Send;
        Client = new(name, server, RandomNumberGenerator.Fill);
    }

    public Client Client { get; }

    public TimeSpan Age => Client.Age(_clock.Elapsed);

    public static async Task<Seat> TakeAsync(TeredoNode node, string name, Peer server, CancellationToken cancellationToken) =>
        new(await node.BindDatagramAsync(0, cancellationToken), name, server);

    /// <summary>Takes what has come, and plays one tick.</summary>
    public void Tick(Keys keys)
    {
        while (_socket.TryReceiveFrom(_buffer, _source, out int length))
            Client.Receive(_clock.Elapsed, Peer.Read(_source), _buffer.AsSpan(0, length), _send);
        Client.Tick(_clock.Elapsed, keys, _send);
    }

    /// <summary>Calls a tick's work 30 times a second until it says false.</summary>
    public static async Task RunAsync(Func<bool> tick, CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(Arena.TickTime);
        try
        {
            while (tick() && await timer.WaitForNextTickAsync(cancellationToken))
            {
            }
        }
        catch (OperationCanceledException)
        {
            // The player leaves.
        }
    }

    /// <summary>Fails with a sentence when the server does not let the player in.</summary>
    public void ThrowIfRefused()
    {
        if (Client.State == ClientState.Refused)
            throw new IOException(Client.Refusal switch
            {
                Refusal.Full => "The game has no place for you now; try again later.",
                Refusal.Kicked => "The host has removed you from the game.",
                Refusal.Banned => "The host has banned you for a while.",
                _ => "The game is over.",
            });
    }

    public ValueTask DisposeAsync()
    {
        Client.Leave(_send);
        return _socket.DisposeAsync();
    }
}
