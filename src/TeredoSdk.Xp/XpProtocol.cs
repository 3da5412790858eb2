namespace TeredoSdk.Xp;

/// <summary>The protocol of a port, with the numbers of <c>NET_FW_IP_PROTOCOL</c>.</summary>
public enum XpProtocol
{
    /// <summary>TCP.</summary>
    Tcp = 6,
    /// <summary>UDP.</summary>
    Udp = 17,
}
