using System.CommandLine;
using TeredoSdk.Cli.Json;
using TeredoSdk.Cli.Traffic;

namespace TeredoSdk.Cli.Commands;

/// <summary><c>teredo connect</c>: connects to a peer, and copies between it and stdin and stdout.</summary>
sealed class ConnectCommand : Command
{
    readonly Argument<PeerName> _peer = new("PEER") { Description = "The peer: [ADDR]:PORT or host:port.", CustomParser = Values.Peer };
    readonly Option<bool> _udp = new("--udp", "-u") { Description = "UDP instead of TCP: each line is a datagram, and each answer is printed as a line." };

    readonly Option<TimeSpan> _linger = new("--linger")
    {
        Description = "With -u: how long to wait for answers after the end of stdin and after the last datagram; 2 by default.",
        HelpName = "SECONDS",
        DefaultValueFactory = _ => TimeSpan.FromSeconds(2),
        CustomParser = Values.Seconds(0, 86400),
    };

    readonly NodeOptions _node = new();

    public ConnectCommand() : base("connect",
        """
        Connect to a peer and copy between it and stdin and stdout. The end of stdin half-closes the connection towards the peer, the peer's
        half-close ends stdout, and the command ends when both have ended. With --json the received payload is only counted, and the document
        comes at the end.
        """)
    {
        Add(_peer);
        Add(_udp);
        Add(_linger);
        _node.AddConnectTo(this);
        _node.AddTo(this);
        SetAction((arguments, _) => Invocation.RunAsync(arguments, RunAsync));
    }

    async Task<int> RunAsync(Invocation invocation)
    {
        var peer = invocation.Arguments.GetValue(_peer)!;
        await using var node = await _node.StartAsync(invocation);
        return await (invocation.Arguments.GetValue(_udp) ? TalkByDatagramsAsync(invocation, node, peer) : TalkAsync(invocation, node, peer));
    }

    static async Task<int> TalkAsync(Invocation invocation, TeredoNode node, PeerName peer)
    {
        await using var connection = await invocation.WaitAsync($"connecting to {peer.Host}",
            node.ConnectAsync(peer.Host, peer.Port, invocation.Ended));
        return await ConversationRunner.RunAsync(invocation, connection);
    }

    async Task<int> TalkByDatagramsAsync(Invocation invocation, TeredoNode node, PeerName peer)
    {
        var remote = await peer.ResolveAsync(invocation.Ended);
        await using var socket = await node.BindDatagramAsync(0, cancellationToken: invocation.Ended);
        var conversation = new DatagramConversation(socket, StandardStreams.OpenInput(), invocation.Output.Payload(), TimeProvider.System);
        await conversation.CallAsync(node.PingAsync, remote, invocation.Arguments.GetValue(_linger), invocation.Ended);
        invocation.Output.Document(new ConversationDocument("udp", socket.TeredoEndPoint, remote, conversation.Received, conversation.Sent),
            json => json.ConversationDocument);
        return 0;
    }
}
