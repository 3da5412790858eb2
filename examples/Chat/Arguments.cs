using System.Globalization;
using TeredoSdk;

namespace Chat;

/// <summary>The parsed command line.</summary>
sealed record Arguments
{
    public const string Usage = """
        A chat among peers behind NATs, over Teredo.

        Chat                                        two peers and a Teredo server, all on this machine
        Chat host --server S                        waits for peers, and prints the invitation for them
        Chat join [ADDRESS]:PORT --server S         joins the peer of an invitation, and all its peers

        --server S        a Teredo server: HOST or HOST,SECONDARY; default: the environment variable TEREDO_SERVER
        --name N          your name for the others
        --port P          the port at your Teredo address (host: 4242, join: any)
        --tls             encrypts; each peer's key is pinned by the fingerprint in its invitation
        --datagrams       datagrams instead of TCP, each sent again until it is acknowledged
        --in-process      TCP inside the process also where the system would lend its own
        --allow-private   allows private addresses of servers and peers, for laboratories and loopback
        """;

    public string Command { get; private init; } = "demo";
    public Invitation? Invitation { get; private init; }
    public string? Server { get; private init; }
    public string Name { get; private init; } = Words.Clean(Environment.UserName, "somebody");
    public int? Port { get; private init; }
    public bool Tls { get; private init; }
    public bool OverDatagrams { get; private init; }
    public bool InProcess { get; private init; }
    public bool AllowPrivate { get; private init; }

    public TeredoOptions Options => new()
    {
        Servers = Server is null ? [] : [Server],
        Sockets = InProcess ? TeredoSockets.InProcess : TeredoSockets.Auto,
        AllowPrivateAddresses = AllowPrivate,
    };

    /// <exception cref="FormatException">The command line is not valid; the message says why.</exception>
    public static Arguments Parse(string[] args)
    {
        var parsed = new Arguments();
        var rest = new Queue<string>(args);
        if (rest.Count > 0 && !rest.Peek().StartsWith('-'))
            parsed = parsed with { Command = rest.Dequeue() };
        if (parsed.Command is not ("demo" or "host" or "join"))
            throw new FormatException($"'{parsed.Command}' is not a command; expected host or join, or none.");
        if (parsed.Command == "join")
            parsed = parsed with { Invitation = Invitation.Parse(Next(rest, "join")) };
        while (rest.TryDequeue(out string? option))
        {
            parsed = option switch
            {
                "--server" => parsed with { Server = Next(rest, option) },
                "--name" => parsed with { Name = Words.Clean(Next(rest, option), parsed.Name) },
                "--port" => parsed with { Port = ParsePort(Next(rest, option)) },
                "--tls" => parsed with { Tls = true },
                "--datagrams" => parsed with { OverDatagrams = true },
                "--in-process" => parsed with { InProcess = true },
                "--allow-private" => parsed with { AllowPrivate = true },
                _ => throw new FormatException($"'{option}' is not an option; --help lists the options."),
            };
        }
        if (parsed is { Tls: true, Invitation: { Fingerprint: null } plain })
            throw new FormatException($"--tls needs an invitation with a fingerprint, but '{plain}' has none; run the host with --tls, too.");
        if (parsed.Invitation is { } invitation)
            parsed = parsed with { Tls = invitation.Fingerprint is not null, OverDatagrams = invitation.OverDatagrams };
        return parsed is { Tls: true, OverDatagrams: true }
            ? throw new FormatException("'--tls' does not go with '--datagrams', because TLS needs TCP; leave one of them out.")
            : parsed;
    }

    static string Next(Queue<string> rest, string option) =>
        rest.TryDequeue(out string? value) ? value : throw new FormatException($"{option} needs a value; see --help.");

    static int ParsePort(string text) => ushort.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ushort port) ? port
        : throw new FormatException($"'{text}' is not a port; expected 0 (any) or 1 to 65535.");
}
