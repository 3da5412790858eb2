using System.Globalization;
using System.Net;
using System.Text;
using GameServer.Game;
using TeredoSdk;

namespace GameServer;

/// <summary>The parsed command line.</summary>
sealed record Arguments
{
    public const string Usage = """
        A game for 64 players behind NATs, over Teredo.

        GameServer                             a game with two bots and a page for spectators, all on this machine
        GameServer host --server S             a game that others join, and the page
        GameServer play GAME --server S        joins a game: arrows or WASD choose a way, space stops, q leaves
        GameServer bots N GAME --server S      N players without a person, 1 to 64

        GAME is [ADDRESS]:PORT, or with a lobby NAME or NAME#KEY, as the host shows it.

        --server S        a Teredo server: HOST or HOST,SECONDARY; default: the environment variable TEREDO_SERVER
        --name N          your name for the others
        --port P          the game's UDP port at the host's Teredo address (default 4243)
        --web P           the page's TCP port at the host's Teredo address and at 127.0.0.1 (default 8080, 0: any)
        --per-address N   how many players one IPv4 address, or one native network, may have (default 16)
        --lobby URL       a lobby (examples/Lobby), for games by name
        --key FILE        host: the key that owns the name in the lobby, made when it is not there (default NAME.key)
        --seconds N       leaves after that time
        --allow-private   allows private addresses of servers and peers, for laboratories and loopback
        """;

    public string Command { get; private init; } = "demo";
    public Peer? Host { get; private init; }

    /// <summary>The game as it was given.</summary>
    public string Game { get; private init; } = "";

    public Uri? Lobby { get; private init; }
    public string? KeyFile { get; private init; }
    public int Count { get; private init; } = 2;
    public string? Server { get; private init; }
    public string Name { get; private init; } = Clean(Environment.UserName);
    public int Port { get; private init; } = 4243;
    public int? Web { get; private init; }
    public int PerAddress { get; private init; } = 16;
    public int? Seconds { get; private init; }
    public bool AllowPrivate { get; private init; }

    public void Configure(TeredoOptions options)
    {
        options.Servers = Server is null ? [] : [Server];
        options.AllowPrivateAddresses = AllowPrivate;
    }

    public TeredoOptions Options
    {
        get
        {
            var options = new TeredoOptions();
            Configure(options);
            return options;
        }
    }

    /// <exception cref="FormatException">The command line is not valid; the message says why.</exception>
    public static Arguments Parse(string[] args)
    {
        var parsed = new Arguments();
        var rest = new Queue<string>(args);
        if (rest.Count > 0 && !rest.Peek().StartsWith('-'))
            parsed = parsed with { Command = rest.Dequeue() };
        if (parsed.Command is not ("demo" or "host" or "play" or "bots"))
            throw new FormatException($"'{parsed.Command}' is not a command; expected host, play or bots, or none.");
        if (parsed.Command == "bots")
            parsed = parsed with { Count = Number(Next(rest, "bots"), 1, Arena.MaxPlayers, "a number of bots") };
        if (parsed.Command is "play" or "bots")
            parsed = parsed with { Game = Next(rest, parsed.Command) };
        while (rest.TryDequeue(out string? option))
        {
            parsed = option switch
            {
                "--server" => parsed with { Server = Next(rest, option) },
                "--name" => parsed with { Name = Clean(Next(rest, option)) },
                "--port" => parsed with { Port = Number(Next(rest, option), 1, ushort.MaxValue, "a port") },
                "--web" => parsed with { Web = Number(Next(rest, option), 0, ushort.MaxValue, "a port") },
                "--per-address" => parsed with { PerAddress = Number(Next(rest, option), 1, Arena.MaxPlayers, "a number of players") },
                "--lobby" => parsed with { Lobby = ParseUrl(Next(rest, option)) },
                "--key" => parsed with { KeyFile = Next(rest, option) },
                "--seconds" => parsed with { Seconds = Number(Next(rest, option), 1, 86400, "a time in seconds") },
                "--allow-private" => parsed with { AllowPrivate = true },
                _ => throw new FormatException($"'{option}' is not an option; --help lists the options."),
            };
        }
        if (parsed is { Lobby: not null, Command: "host" } && !RendezvousRecord.IsName(parsed.Name))
            throw new FormatException($"'{parsed.Name}' is not a name for a lobby; expected a to z, 0 to 9, '-' and '_'.");
        if (parsed.Command is "play" or "bots" && (parsed.Lobby is null || !RendezvousRecord.IsName(parsed.Game.Split('#')[0])))
            parsed = parsed with { Host = ParsePeer(parsed.Game) };
        return parsed;
    }

    static string Clean(string name) => Wire.CleanName(Encoding.UTF8.GetBytes(name));

    static string Next(Queue<string> rest, string option) =>
        rest.TryDequeue(out string? value) ? value : throw new FormatException($"{option} needs a value; see --help.");

    static Peer ParsePeer(string text) => text.StartsWith('[') && IPEndPoint.TryParse(text, out var endPoint) && endPoint.Port != 0 ? Peer.From(endPoint)
        : throw new FormatException($"'{text}' is not the address of a game; expected [ADDRESS]:PORT, which the host shows, or a name with --lobby.");

    static Uri ParseUrl(string text) => Uri.TryCreate(text.TrimEnd('/') + "/", UriKind.Absolute, out var url) && url.Scheme is ("http" or "https") ? url
        : throw new FormatException($"'{text}' is not the address of a lobby; expected http://HOST:PORT/.");

    static int Number(string text, int least, int most, string what) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number >= least && number <= most ? number
        : throw new FormatException($"'{text}' is not {what}; expected {least} to {most}.");
}
