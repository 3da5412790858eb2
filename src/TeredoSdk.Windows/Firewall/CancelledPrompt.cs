namespace TeredoSdk.Windows.Firewall;

/// <summary>
/// The rules that Windows makes when its own question at a program's first listen is cancelled. They block the program, and a block beats every exception.
/// </summary>
/// <remarks>No page describes them. As exports show them: in, for all ports of the program, and the user asked about tunnels.</remarks>
static class CancelledPrompt
{
    public static bool Made(FirewallRule rule) => rule is
    {
        Action: FirewallAction.Block, Direction: FirewallDirection.In, EdgeTraversal: EdgeTraversal.DeferToUser, Protocol: FirewallProtocol.Tcp or FirewallProtocol.Udp,
        LocalPorts: null, RemotePorts: null, RemoteAddresses: null, ServiceName: null, ProgramPath: not null,
    };
}
