using System.CommandLine;
using System.Net.Sockets;
using TeredoSdk.Cli.Json;
using TeredoSdk.Cli.Traffic;

namespace TeredoSdk.Cli.Commands;

/// <summary><c>teredo listen</c>: waits for a peer at the Teredo address, or echoes to all peers.</summary>
sealed class ListenCommand : Command
{
    readonly Argument<int> _port = new("PORT") { Description = "The port; 0 for any port.", CustomParser = Values.Number(0, ushort.MaxValue) };
    readonly Option<bool> _udp = new("--udp", "-u") { Description = "UDP instead of TCP: each line is a datagram. Runs until a signal ends it." };
    readonly Option<bool> _echo = new("--echo") { Description = "Send all octets back to the peer that they came from, and keep serving." };

    readonly Option<TimeSpan?> _linger = new("--linger")
    {
        Description = "With -u: end when stdin has ended and nothing was sent or received for this time.",
        HelpName = "SECONDS",
        CustomParser = result => Values.Seconds(0, 86400)(result),
    };

    readonly NodeOptions _node = new() { LetsStrangersIn = true };

    public ListenCommand() : base("listen",
        """
        Wait at the Teredo address, then copy between the first peer and stdin and stdout. Prints "listening on [ADDR]:PORT" to stderr when peers
        can get in, and again when the address has changed. With --json the payload is only counted, and the document comes at the end.
        """)
    {
        Add(_port);
        Add(_udp);
        Add(_echo);
        Add(_linger);
        _node.AddTo(this);
        _node.AddWaitTo(this);
        SetAction((arguments, _) => Invocation.RunAsync(arguments, RunAsync));
    }

    async Task<int> RunAsync(Invocation invocation)
    {
        await using var node = await _node.StartAsync(invocation);
        _ = StartMemory.GiveBackAsync(invocation.Ended, TeredoNode.Rehearse);
        int port = invocation.Arguments.GetValue(_port);
        bool echo = invocation.Arguments.GetValue(_echo);
        if (!invocation.Arguments.GetValue(_udp))
        {
            await using var listener = await node.ListenAsync(port, cancellationToken: invocation.Ended);
            TellSteps(node);
            _ = Announcement.RunAsync(() => listener.TeredoEndPoint, listener.StateChanges, invocation.Ended);
            return await (echo ? EchoAsync(invocation, listener) : TalkAsync(invocation, listener));
        }
        await using var socket = await node.BindDatagramAsync(new TeredoBindOptions { Port = port, ProtectionLevel = IPProtectionLevel.Unrestricted }, invocation.Ended);
        TellSteps(node);
        _ = Announcement.RunAsync(() => socket.TeredoEndPoint, socket.StateChanges, invocation.Ended);
        return await (echo ? EchoAsync(invocation, socket) : TalkAsync(invocation, socket));
    }

    // Says what was changed on this machine, which is Windows.
    static void TellSteps(TeredoNode node)
    {
        foreach (string step in node.Report.Windows?.Steps ?? [])
            Output.Notice(step);
    }

    static async Task<int> TalkAsync(Invocation invocation, TeredoListener listener)
    {
        await using var connection = await listener.AcceptAsync(invocation.Ended);
        await listener.DisposeAsync(); // accepts no other peer
        return await ConversationRunner.RunAsync(invocation, connection);
    }

    async Task<int> TalkAsync(Invocation invocation, TeredoDatagramSocket socket)
    {
        var endPoint = socket.TeredoEndPoint;
        var conversation = new DatagramConversation(socket, StandardStreams.OpenInput(), invocation.Output.Payload(), TimeProvider.System);
        try
        {
            await conversation.AnswerAsync(invocation.Arguments.GetValue(_linger), invocation.Ended);
        }
        catch (OperationCanceledException) when (invocation.Ended.IsCancellationRequested)
        {
            // A signal has ended the command, which is the usual end.
        }
        invocation.Output.Document(new ConversationDocument("udp", endPoint, conversation.Peer, conversation.Received, conversation.Sent),
            json => json.ConversationDocument);
        return 0;
    }

    static async Task<int> EchoAsync(Invocation invocation, TeredoSocketBase socket)
    {
        var endPoint = socket.TeredoEndPoint;
        var echo = new EchoService(invocation);
        await (socket is TeredoListener listener ? echo.RunAsync(listener) : echo.RunAsync((TeredoDatagramSocket)socket));
        string protocol = socket is TeredoListener ? "tcp" : "udp";
        invocation.Output.Document(new EchoDocument(protocol, endPoint, echo.Peers, echo.Received, echo.Sent), json => json.EchoDocument);
        return 0;
    }
}
