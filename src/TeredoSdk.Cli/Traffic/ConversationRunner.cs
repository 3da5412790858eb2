using TeredoSdk.Cli.Json;

namespace TeredoSdk.Cli.Traffic;

/// <summary>What both ends of a TCP connection do: talk, and with --json account for it.</summary>
static class ConversationRunner
{
    public static async Task<int> RunAsync(Invocation invocation, TeredoConnection connection)
    {
        var (local, remote) = (connection.LocalEndPoint, connection.RemoteEndPoint);
        var conversation = new StreamConversation(connection, Console.OpenStandardInput(), invocation.Output.Payload());
        await conversation.RunAsync(invocation.Ended);
        invocation.Output.Document(new ConversationDocument("tcp", local, remote, conversation.Received, conversation.Sent),
            json => json.ConversationDocument);
        return 0;
    }
}
