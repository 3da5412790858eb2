using TeredoSdk.Cli.Json;

namespace TeredoSdk.Cli.Traffic;

/// <summary>Runs either end of a TCP conversation, and writes its document with --json.</summary>
static class ConversationRunner
{
    public static async Task<int> RunAsync(Invocation invocation, TeredoConnection connection)
    {
        var (local, remote) = (connection.LocalEndPoint, connection.RemoteEndPoint);
        var conversation = new StreamConversation(connection, StandardStreams.OpenInput(), invocation.Output.Payload());
        await conversation.RunAsync(invocation.Ended);
        invocation.Output.Document(new ConversationDocument("tcp", local, remote, conversation.Received, conversation.Sent),
            json => json.ConversationDocument);
        return 0;
    }
}
