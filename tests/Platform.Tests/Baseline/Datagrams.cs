using System.Net;
using System.Net.Sockets;
using System.Text;

namespace TeredoSdk.Platform.Tests.Baseline;

/// <summary>Short texts over UDP sockets, for probing the lab.</summary>
static class Datagrams
{
    public static void Send(this Socket socket, string text, EndPoint to) => socket.SendTo(Encoding.Latin1.GetBytes(text), to);

    /// <summary>The next datagram. The test fails when none comes.</summary>
    public static (string Text, IPEndPoint Source) Receive(this Socket socket)
    {
        socket.ReceiveTimeout = (int)Patience.Limit.TotalMilliseconds;
        byte[] buffer = new byte[2048];
        EndPoint source = new IPEndPoint(socket.AddressFamily == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any, 0);
        int length = socket.ReceiveFrom(buffer, ref source);
        return (Encoding.Latin1.GetString(buffer, 0, length), (IPEndPoint)source);
    }

    /// <summary>All datagrams up to the one with a text, which is not among them.</summary>
    public static IReadOnlyList<string> ReceiveUntil(this Socket socket, string last)
    {
        List<string> texts = [];
        for (string text; (text = socket.Receive().Text) != last;)
            texts.Add(text);
        return texts;
    }
}
