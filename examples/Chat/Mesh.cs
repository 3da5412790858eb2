using System.Security.Authentication;
using System.Text;

namespace Chat;

/// <summary>A mesh in which every peer has a link to every other peer. A peer that joins is told the other peers, and makes a link to each.</summary>
/// <remarks>
/// The protocol has these lines. A peer that joins sends <c>join NAME INVITATION</c>; the answer is <c>hello NAME INVITATION</c>, a
/// <c>peer INVITATION</c> for each other peer, and <c>ready</c>. To each of the other peers it sends <c>hello NAME INVITATION</c>, and gets the same
/// line as the answer. Later lines are <c>say TEXT</c> and <c>bye</c>.
/// </remarks>
sealed class Mesh : IAsyncDisposable
{
    const int MaxPeers = 32, MaxPeersPerAddress = Carrier.MaxLinksPerAddress;
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(20), Farewell = TimeSpan.FromMilliseconds(800);

    readonly Lock _gate = new();
    readonly Dictionary<Invitation, Peer> _peers = [];
    readonly HashSet<Task> _running = [];
    readonly CancellationTokenSource _leaving = new();
    readonly string _name;
    readonly Carrier _carrier;
    readonly Action<string> _tell;
    readonly TimeProvider _time;
    volatile bool _isLeaving;

    /// <param name="name">Our name for the others.</param>
    /// <param name="carrier">Carries the lines; the mesh disposes it.</param>
    /// <param name="tell">Takes lines for the user that say what happens.</param>
    /// <param name="time">The clock; null for the system's.</param>
    public Mesh(string name, Carrier carrier, Action<string> tell, TimeProvider? time = null)
    {
        (_name, _carrier, _tell, _time) = (name, carrier, tell, time ?? TimeProvider.System);
        Run(AcceptAsync());
    }

    sealed record Peer(string Name, Invitation Invitation, Link Link);

    public int Count
    {
        get
        {
            lock (_gate)
                return _peers.Count;
        }
    }

    /// <summary>Joins a peer and all its peers. The user is told of those that can't be reached.</summary>
    /// <exception cref="IOException">The peer itself can't be reached.</exception>
    public async Task JoinAsync(Invitation peer)
    {
        var others = new List<Invitation>();
        var link = await LinkAsync("join", peer);
        for (string? line; (line = await ReceiveAsync(link)) != "ready";)
        {
            var (verb, rest) = Words.Split(line ?? throw new IOException($"{peer} has gone."));
            if (verb == "peer")
                others.Add(others.Count < MaxPeers ? ParseInvitation(peer, rest) : throw new IOException($"{peer} knows too many peers."));
            else
                Hear(Find(peer), line);
        }
        Run(ListenAsync(peer));
        foreach (var other in others)
        {
            try
            {
                await LinkAsync("hello", other);
                Run(ListenAsync(other));
            }
            catch (IOException e)
            {
                _tell($"* {other} can't be reached: {e.Message}");
            }
        }
    }

    /// <summary>Sends a line to all peers.</summary>
    /// <returns>How many peers got it.</returns>
    public async Task<int> SayAsync(string text)
    {
        string line = "say " + Words.Clean(text);
        if (Encoding.UTF8.GetByteCount(line) > Link.MaxOctets)
        {
            _tell($"* A line of {text.Length} letters is too long; expected at most {Link.MaxOctets} octets.");
            return 0;
        }
        Peer[] peers;
        lock (_gate)
            peers = [.. _peers.Values];
        return (await Task.WhenAll(peers.Select(peer => SayAsync(peer, line)))).Count(isThere => isThere);
    }

    /// <summary>Tells the other peers, and leaves.</summary>
    public async ValueTask DisposeAsync()
    {
        _isLeaving = true;
        Peer[] peers;
        lock (_gate)
            peers = [.. _peers.Values];
        await Task.WhenAll(peers.Select(SayGoodbyeAsync));
        _leaving.Cancel();
        foreach (var peer in peers)
            await peer.Link.DisposeAsync();
        await _carrier.DisposeAsync();
        Task[] running;
        lock (_gate)
            running = [.. _running];
        await Task.WhenAll(running);
        _leaving.Dispose();
    }

    async Task AcceptAsync()
    {
        while (true)
            Run(ServeAsync(await _carrier.AcceptAsync(_leaving.Token)));
    }

    // Serves a link that another peer opened.
    async Task ServeAsync(Link link)
    {
        try
        {
            await StartAsync(link);
            var (verb, rest) = Words.Split(await ReceiveAsync(link) ?? "");
            var peer = Introduce(link, verb is "join" or "hello" ? rest : throw new IOException($"{link.RemoteEndPoint} is not a chat."));
            Peer[] others = Add(peer);
            await SendAsync(link, $"hello {_name} {_carrier.Invitation}");
            foreach (var other in verb == "join" ? others : [])
                await SendAsync(link, $"peer {other.Invitation}");
            if (verb == "join")
                await SendAsync(link, "ready");
            await ListenAsync(peer.Invitation);
        }
        catch (Exception e) when (IsOver(e))
        {
            await link.DisposeAsync(); // the stranger is not a peer
            Forget(link);
        }
    }

    async Task<Link> LinkAsync(string verb, Invitation invitation)
    {
        var link = await _carrier.ConnectAsync(invitation, _leaving.Token);
        try
        {
            await StartAsync(link);
            await SendAsync(link, $"{verb} {_name} {_carrier.Invitation}");
            var (answer, rest) = Words.Split(await ReceiveAsync(link) ?? "");
            var peer = Introduce(link, answer == "hello" ? rest : throw new IOException($"{invitation} is not a chat, or refuses another peer."));
            Add(peer with { Invitation = invitation });
            return link;
        }
        catch (Exception e) when (e is AuthenticationException or FormatException)
        {
            await link.DisposeAsync();
            throw new IOException($"{invitation.EndPoint} is not the peer of the invitation: {e.Message}", e);
        }
        catch
        {
            await link.DisposeAsync();
            throw;
        }
    }

    // Reads the peer's lines until one of the two leaves.
    async Task ListenAsync(Invitation invitation)
    {
        var peer = Find(invitation);
        try
        {
            while (await peer.Link.ReceiveAsync(_leaving.Token) is { } line && line != "bye")
                Hear(peer, line);
        }
        finally
        {
            await peer.Link.DisposeAsync();
            Forget(peer.Link);
        }
    }

    void Hear(Peer peer, string line)
    {
        if (Words.Split(line) is ("say", var text))
            _tell($"{peer.Name}: {Words.Clean(text)}");
    }

    Peer Find(Invitation invitation)
    {
        lock (_gate)
            return _peers[invitation];
    }

    static Invitation ParseInvitation(Invitation from, string text)
    {
        try
        {
            return Invitation.Parse(text);
        }
        catch (FormatException e)
        {
            throw new IOException($"{from} is not a chat: {e.Message}", e);
        }
    }

    // A peer must come from the address in its invitation, with the key in it.
    static Peer Introduce(Link link, string introduction)
    {
        var (name, rest) = Words.Split(introduction);
        var invitation = Invitation.Parse(rest);
        bool isTrue = invitation.EndPoint.Address.GetAddressBytes().AsSpan().SequenceEqual(link.RemoteEndPoint.Address.GetAddressBytes())
            && invitation.Fingerprint == link.RemoteFingerprint;
        return isTrue ? new(Words.Clean(name, "somebody"), invitation, link)
            : throw new IOException($"{link.RemoteEndPoint} claims to be {invitation}, which is not true.");
    }

    Peer[] Add(Peer peer)
    {
        Peer[] others;
        lock (_gate)
        {
            others = [.. _peers.Values];
            peer = peer with { Name = Words.Distinct(peer.Name, [_name, .. others.Select(other => other.Name)]) };
            bool isFull = others.Length >= MaxPeers
                || others.Count(other => other.Invitation.EndPoint.Address.Equals(peer.Invitation.EndPoint.Address)) >= MaxPeersPerAddress;
            if (isFull || !_peers.TryAdd(peer.Invitation, peer))
                throw new IOException($"{peer.Invitation} is here already, or there are too many peers.");
        }
        _tell($"* {peer.Name} joined");
        return others;
    }

    void Forget(Link link)
    {
        Peer? peer;
        lock (_gate)
        {
            peer = _peers.Values.FirstOrDefault(one => one.Link == link);
            if (peer is null)
                return;
            _peers.Remove(peer.Invitation);
        }
        if (!_isLeaving)
            _tell($"* {peer.Name} left");
    }

    async Task<bool> SayAsync(Peer peer, string line)
    {
        try
        {
            await peer.Link.SendAsync(line, _leaving.Token);
            return true;
        }
        catch (IOException e)
        {
            _tell($"* {peer.Name} did not get it: {e.Message}");
            await peer.Link.DisposeAsync();
            return false;
        }
    }

    async Task SayGoodbyeAsync(Peer peer)
    {
        using var limit = new CancellationTokenSource(Farewell, _time);
        try
        {
            await peer.Link.SendAsync("bye", limit.Token);
        }
        catch (Exception e) when (IsOver(e))
        {
            // The peer has left, too.
        }
    }

    Task StartAsync(Link link) => InTimeAsync(link.StartAsync);

    Task SendAsync(Link link, string line) => InTimeAsync(token => link.SendAsync(line, token));

    async Task<string?> ReceiveAsync(Link link)
    {
        string? line = null;
        await InTimeAsync(async token => line = await link.ReceiveAsync(token));
        return line;
    }

    async Task InTimeAsync(Func<CancellationToken, Task> step)
    {
        using var late = new CancellationTokenSource(Patience, _time);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(_leaving.Token, late.Token);
        try
        {
            await step(limit.Token);
        }
        catch (OperationCanceledException e) when (!_leaving.IsCancellationRequested)
        {
            throw new IOException("The peer no longer answers.", e);
        }
    }

    // Keeps a task until it ends, so that leaving can wait for it.
    void Run(Task task)
    {
        lock (_gate)
            _running.Add(task = ObserveAsync(task));
        task.ContinueWith(Done, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);

        void Done(Task done)
        {
            lock (_gate)
                _running.Remove(done);
        }
    }

    static async Task ObserveAsync(Task task)
    {
        try
        {
            await task;
        }
        catch (Exception e) when (IsOver(e))
        {
            // The peer has left, or we are leaving.
        }
    }

    static bool IsOver(Exception e) =>
        e is IOException or FormatException or AuthenticationException or OperationCanceledException or ObjectDisposedException;
}
