using System.Net;
using System.Net.Sockets;

namespace TeredoSdk.Providers;

/// <summary>A Teredo address that a provider keeps up. Nothing above a link knows which provider it is.</summary>
interface ITeredoLink : IAsyncDisposable
{
    IPAddress? Address { get; }
    TeredoReport Report { get; }
    IAsyncEnumerable<TeredoStateChange> Changes { get; }
    ValueTask<TeredoDatagramSocket> BindDatagramAsync(ushort port, IPProtectionLevel level, CancellationToken cancellationToken);
    Task<TeredoPingReply> PingAsync(IPAddress address, TimeSpan timeout, CancellationToken cancellationToken);
}
