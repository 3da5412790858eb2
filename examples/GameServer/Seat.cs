using System.Diagnostics;
using System.Net;
using System.Security.Cryptography;
using GameServer.Game;
using TeredoSdk;

namespace GameServer;

/// <summary>Runs the game's client at a socket of its own. Not for several threads: its owner calls <see cref="Tick"/> 30 times a second.</summary>
sealed class Seat : IAsyncDisposable
{
    static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(2);

    readonly TeredoDatagramSocket _socket;
    readonly Outbox _outbox;
    readonly Stopwatch _clock = Stopwatch.StartNew();
    readonly byte[] _buffer = new byte[TeredoDatagramSocket.MaxDatagramOctets];
    readonly SocketAddress _source = Peer.NewSocketAddress();
    readonly Send _send;
    Task<Peer>? _looking;
    TimeSpan _looked;

    Seat(TeredoDatagramSocket socket, string name, Peer server)
    {
        (_socket, _outbox) = (socket, new(socket));
        _send = _outbox.Send;
        Client = new(name, server, RandomNumberGenerator.Fill);
    }

    public Client Client { get; }

    /// <summary>Finds a game again that has moved on; null for a game without a name.</summary>
    public Func<Task<Peer>>? Find { get; init; }

    public TimeSpan Age => Client.Age(_clock.Elapsed);

    public static async Task<Seat> TakeAsync(TeredoNode node, string name, Peer server, CancellationToken cancellationToken) =>
        new(await node.BindDatagramAsync(0, cancellationToken), name, server);

    /// <summary>Takes a seat in the game of the command line.</summary>
    public static async Task<Seat> TakeAsync(TeredoNode node, string name, Arguments arguments, Lobby? lobby, CancellationToken cancellationToken)
    {
        if (arguments.Host is { } server)
            return await TakeAsync(node, name, server, cancellationToken);
        var found = await lobby!.FindAsync(arguments.Game, cancellationToken);
        return new(await node.BindDatagramAsync(0, cancellationToken), name, found) { Find = () => lobby.FindAsync(arguments.Game, cancellationToken) };
    }

    /// <summary>Takes what has come, and plays one tick.</summary>
    public void Tick(Keys keys)
    {
        while (_socket.TryReceiveFrom(_buffer, _source, out int length))
            Client.Receive(_clock.Elapsed, Peer.Read(_source), _buffer.AsSpan(0, length), _send);
        Client.Tick(_clock.Elapsed, keys, _send);
        if (Find is not null && Client.State == ClientState.Joining)
            Look(Find);
    }

    // While nothing answers, the game may be elsewhere.
    void Look(Func<Task<Peer>> find)
    {
        if (_looking is { IsCompletedSuccessfully: true })
            Client.Server = _looking.Result;
        if (_looking is { IsCompleted: false } || _clock.Elapsed - _looked < LookEvery)
            return;
        (_looked, _looking) = (_clock.Elapsed, find());
        _looking.ContinueWith(failed => failed.Exception, TaskContinuationOptions.OnlyOnFaulted); // the lobby is away; later it may be back
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
