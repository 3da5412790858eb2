using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace TeredoSdk.Tests;

/// <summary>Receives a datagram with its TTL, which .NET does not tell: Linux's recvmsg.</summary>
static class TtlReader
{
    const int IpProtocol = 0, IpTtl = 2, IpRecvTtl = 12;

    [StructLayout(LayoutKind.Sequential)]
    struct Message
    {
        public nint Name;
        public uint NameLength;
        public nint Vectors;
        public nint VectorCount;
        public nint Control;
        public nint ControlLength;
        public int Flags;
    }

    [DllImport("libc", EntryPoint = "recvmsg", SetLastError = true)]
    static extern nint ReceiveMessage(nint socket, ref Message message, int flags);

    public static void Enable(Socket socket) => socket.SetRawSocketOption(IpProtocol, IpRecvTtl, BitConverter.GetBytes(1));

    /// <summary>The TTL of the next datagram; the socket has a receive time-out.</summary>
    public static int Receive(Socket socket)
    {
        byte[] payload = new byte[64], control = new byte[64];
        var vector = new nint[2]; // base, length
        GCHandle[] pins = [GCHandle.Alloc(payload, GCHandleType.Pinned), GCHandle.Alloc(control, GCHandleType.Pinned), GCHandle.Alloc(vector, GCHandleType.Pinned)];
        try
        {
            (vector[0], vector[1]) = (pins[0].AddrOfPinnedObject(), payload.Length);
            var message = new Message
            {
                Vectors = pins[2].AddrOfPinnedObject(),
                VectorCount = 1,
                Control = pins[1].AddrOfPinnedObject(),
                ControlLength = control.Length,
            };
            Assert.That(ReceiveMessage(socket.Handle, ref message, 0), Is.GreaterThanOrEqualTo((nint)0), $"recvmsg failed with error {Marshal.GetLastPInvokeError()}");
            // cmsghdr: length 64, level 32, type 32; then the value
            Assert.That((BitConverter.ToInt32(control, 8), BitConverter.ToInt32(control, 12)), Is.EqualTo((IpProtocol, IpTtl)));
            return BitConverter.ToInt32(control, 16);
        }
        finally
        {
            foreach (var pin in pins)
                pin.Free();
        }
    }
}
