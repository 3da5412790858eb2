using System.Net;
using System.Net.Sockets;
using TeredoSdk.Machine.Linux;
using TeredoSdk.Protocol.Wire;

namespace TeredoSdk.Datapath;

/// <summary>
/// Asks a server as many solicitations as it answers, from many ports of several addresses. A bounded number is under way at any time, so nothing is lost
/// for want of room, and what is counted are answers.
/// </summary>
sealed unsafe class ServerLoad : IDisposable
{
    const int PortsPerAddress = 16, UnderWay = 4; // for each port: as many in all as the default receive buffer of a kernel holds
    const int AnswerOctets = 256;
    static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(20); // then what was under way is lost

    readonly List<Port> _ports = [];
    readonly byte[] _solicitation = GC.AllocateArray<byte>(Authentication.MinimumSize + RouterSolicitation.Size, pinned: true);
    readonly byte[] _answers = GC.AllocateArray<byte>(UnderWay * AnswerOctets, pinned: true);
    readonly byte[] _headers = GC.AllocateArray<byte>(2 * UnderWay * (sizeof(Libc.MMsgHdr) + sizeof(Libc.IoVec)), pinned: true);

    /// <param name="server">The server's address.</param>
    /// <param name="sources">Addresses of this network namespace.</param>
    public ServerLoad(IPAddress server, IEnumerable<IPAddress> sources)
    {
        Authentication.Write(_solicitation, 0x0123456789ABCDEF);
        RouterSolicitation.Write(_solicitation.AsSpan(Authentication.MinimumSize), TeredoLinkLocal.Client);
        foreach (var source in sources)
        {
            for (int i = 0; i < PortsPerAddress; i++)
            {
                var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
                socket.Bind(new IPEndPoint(source, 0));
                socket.Connect(server, TeredoPorts.Server);
                _ports.Add(new(socket));
            }
        }
    }

    /// <summary>Asks for so long, on the calling thread.</summary>
    /// <param name="duration">How long.</param>
    /// <param name="begun">Called when the first answers are there.</param>
    /// <returns>The answers since then, and for how long.</returns>
    public (long Answers, double Seconds) Run(TimeSpan duration, Action begun)
    {
        long answers = 0;
        foreach (bool counts in new[] { false, true })
        {
            if (counts)
                begun();
            answers = 0;
            long start = Environment.TickCount64, length = (long)(counts ? duration : duration / 4).TotalMilliseconds, now;
            while ((now = Environment.TickCount64) - start < length)
                answers += Exchange(now);
        }
        return (answers, duration.TotalSeconds);
    }

    int Exchange(long now)
    {
        int all = 0;
        fixed (byte* headers = _headers, solicitation = _solicitation, answers = _answers)
        {
            var asked = (Libc.MMsgHdr*)headers;
            var came = asked + UnderWay;
            var vectors = (Libc.IoVec*)(came + UnderWay);
            for (int i = 0; i < UnderWay; i++)
            {
                vectors[i] = new() { Base = solicitation, Length = (nuint)_solicitation.Length };
                vectors[UnderWay + i] = new() { Base = answers + i * AnswerOctets, Length = AnswerOctets };
                asked[i].Header = new() { Vectors = vectors + i, VectorCount = 1 };
                came[i].Header = new() { Vectors = vectors + UnderWay + i, VectorCount = 1 };
            }
            foreach (var port in _ports)
            {
                int count = Math.Max(0, Libc.ReceiveMessages(port.Socket.SafeHandle, came, UnderWay, Libc.MSG_DONTWAIT, null));
                all += count;
                port.Missing = Math.Max(0, port.Missing - count);
                if (now - port.AskedAt > (long)Patience.TotalMilliseconds)
                    port.Missing = 0;
                if (port.Missing > UnderWay / 2)
                    continue;
                port.Missing += Math.Max(0, Libc.SendMessages(port.Socket.SafeHandle, asked, (uint)(UnderWay - port.Missing), Libc.MSG_DONTWAIT));
                port.AskedAt = now;
            }
        }
        return all;
    }

    public void Dispose() => _ports.ForEach(port => port.Socket.Dispose());

    sealed class Port(Socket socket)
    {
        public Socket Socket => socket;
        public int Missing { get; set; }
        public long AskedAt { get; set; }
    }
}
