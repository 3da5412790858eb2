using System.Diagnostics;
using System.Net;
using System.Security.Cryptography;
using GameServer.Game;
using TeredoSdk;

namespace GameServer;

/// <summary>Runs the game's server at a socket: receives at once, and ticks 30 times a second.</summary>
sealed class Match : IAsyncDisposable
{
    readonly TeredoDatagramSocket _socket;
    readonly Server _server;
    readonly Lock _gate = new(); // for the server, which both tasks use
    readonly TeredoDatagramBatch _snapshots = new(Arena.MaxPlayers * 2);
    readonly SocketAddress _to = Peer.NewSocketAddress();
    readonly Outbox _answers;
    readonly CancellationTokenSource _ending = new();
    readonly Stopwatch _clock = Stopwatch.StartNew();
    readonly Task _receiving, _ticking;

    public Match(TeredoDatagramSocket socket, int playersPerAddress)
    {
        _answers = new(socket);
        (_socket, _server) = (socket, new(RandomNumberGenerator.Fill) { PlayersPerAddress = playersPerAddress });
        Watch = new(_server);
        (_receiving, _ticking) = (Task.Run(ReceiveAsync), Task.Run(TickAsync));
    }

    /// <summary>What spectators and the status line see.</summary>
    public Watch Watch { get; }

    /// <summary>The players, the best first.</summary>
    public string Scores()
    {
        lock (_gate)
            return Watch.Scores;
    }

    /// <summary>Kicks or bans whoever has this name.</summary>
    /// <returns>How many had it.</returns>
    public int Kick(string name, Refusal reason)
    {
        lock (_gate)
        {
            var players = _server.Players.Where(player => player.Name == name).ToList();
            players.ForEach(player => _server.Kick(_clock.Elapsed, player, reason, SendNow));
            return players.Count;
        }
    }

    /// <summary>Tells the players that the game is over.</summary>
    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        await Task.WhenAll(_receiving, _ticking);
        foreach (var player in _server.Players.ToList())
            _server.Kick(_clock.Elapsed, player, Refusal.Closed, SendNow);
        _ending.Dispose();
    }

    // Nothing is allocated for a datagram.
    async Task ReceiveAsync()
    {
        byte[] buffer = new byte[TeredoDatagramSocket.MaxDatagramOctets];
        var source = Peer.NewSocketAddress();
        Send answer = SendNow;
        try
        {
            while (true)
            {
                int length = await _socket.ReceiveFromAsync(buffer, source, _ending.Token);
                Watch.CountIn(length);
                lock (_gate)
                    _server.Receive(_clock.Elapsed, Peer.Read(source), buffer.AsSpan(0, length), answer);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
        {
            // The game is over.
        }
    }

    async Task TickAsync()
    {
        Send enqueue = Enqueue;
        var next = _clock.Elapsed;
        try
        {
            while (true)
            {
                if (next - _clock.Elapsed is { Ticks: > 0 } wait)
                    await Task.Delay(wait, _ending.Token);
                var started = _clock.Elapsed;
                _snapshots.Clear();
                lock (_gate)
                {
                    _server.Tick(started, enqueue);
                    Watch.Tick(_clock.Elapsed - started);
                }
                if (_snapshots.Count > 0)
                    await SendAsync();
                next = started - next > TimeSpan.FromSeconds(1) ? started : next + Arena.TickTime; // after a long stop the lost ticks stay lost
            }
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
        {
            // The game is over.
        }
    }

    void Enqueue(Peer to, ReadOnlySpan<byte> datagram)
    {
        to.Write(_to);
        Watch.CountOut(datagram.Length);
        _snapshots.TryAdd(datagram, _to);
    }

    void SendNow(Peer to, ReadOnlySpan<byte> datagram)
    {
        Watch.CountOut(datagram.Length);
        _answers.Send(to, datagram);
    }

    async Task SendAsync()
    {
        try
        {
            await _socket.SendAsync(_snapshots, _ending.Token);
        }
        catch (TeredoException)
        {
            // There is no address at the moment; the players wait for a few seconds.
        }
    }
}
