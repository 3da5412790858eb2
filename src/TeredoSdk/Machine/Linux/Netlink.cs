using System.ComponentModel;
using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;

namespace TeredoSdk.Machine.Linux;

/// <summary>Requests to the kernel's tables of routes, addresses and neighbours, one at a time over a netlink socket.</summary>
[SupportedOSPlatform("linux")]
static unsafe class Netlink
{
    const int AttributeHeader = 4;

    /// <exception cref="Win32Exception">The system refuses such a socket, or a limit is reached.</exception>
    public static SafeFileHandle Open()
    {
        int made = Libc.Socket(Libc.AF_NETLINK, Libc.SOCK_RAW | Libc.SOCK_CLOEXEC, Libc.NETLINK_ROUTE);
        return made >= 0 ? new(made, ownsHandle: true) : throw new Win32Exception();
    }

    /// <summary>Sends a request and reads the answer. Calls for the same socket must not overlap.</summary>
    /// <param name="socket">The socket.</param>
    /// <param name="type">The request.</param>
    /// <param name="flags">Flags beside NLM_F_REQUEST.</param>
    /// <param name="body">The fixed part and the attributes.</param>
    /// <param name="answer">Receives the answer, with its header.</param>
    /// <exception cref="Win32Exception">The request could not be sent, or its answer not be read.</exception>
    public static ReadOnlySpan<byte> Ask(SafeFileHandle socket, ushort type, int flags, byte[] body, Span<byte> answer)
    {
        // struct nlmsghdr, linux/netlink.h: length 32 | type 16 | flags 16 | sequence 32 | port 32
        byte[] request =
        [
            .. BitConverter.GetBytes(Libc.NLMSG_HDRLEN + body.Length), .. BitConverter.GetBytes(type),
            .. BitConverter.GetBytes((ushort)(flags | Libc.NLM_F_REQUEST)), 0, 0, 0, 0, 0, 0, 0, 0, .. body,
        ];
        fixed (byte* octets = request, answered = answer)
        {
            if (Libc.Write(socket, octets, (nuint)request.Length) < 0)
                throw new Win32Exception();
            nint length = Libc.Read(socket, answered, (nuint)answer.Length); // the kernel has answered before the write returns
            return length >= Libc.NLMSG_HDRLEN + sizeof(int) ? answer[..(int)length] : throw new Win32Exception();
        }
    }

    /// <summary>The type of an answer.</summary>
    public static ushort TypeOf(ReadOnlySpan<byte> answer) => BitConverter.ToUInt16(answer[4..]);

    // struct rtattr, linux/rtnetlink.h: length 16 | type 16 | value. All values here are multiples of 4 octets.
    public static byte[] Attribute(ushort type, ReadOnlySpan<byte> value) =>
        [.. BitConverter.GetBytes((ushort)(AttributeHeader + value.Length)), .. BitConverter.GetBytes(type), .. value];

    /// <summary>Finds an attribute; its value is empty when there is none.</summary>
    /// <param name="attributes">The answer without its header and fixed part.</param>
    /// <param name="type">The attribute.</param>
    public static ReadOnlySpan<byte> Find(ReadOnlySpan<byte> attributes, ushort type)
    {
        while (attributes.Length >= AttributeHeader)
        {
            int length = BitConverter.ToUInt16(attributes);
            if (length < AttributeHeader || length > attributes.Length)
                break;
            if (BitConverter.ToUInt16(attributes[2..]) == type)
                return attributes[AttributeHeader..length];
            attributes = attributes[Math.Min((length + 3) & ~3, attributes.Length)..];
        }
        return default;
    }
}
