namespace TeredoSdk.Telemetry;

/// <summary>
/// The numbers of the log messages, in blocks: 1000 qualification, 2000 peers, 3000 sockets of the engine, 4000 the platform,
/// 4100 port mapping, 4200 Windows.
/// </summary>
static class EventIds
{
    public const int Qualified = 1000;
    public const int AddressChanged = 1001;
    public const int AddressLost = 1002;
    public const int QualificationFailed = 1003;
    public const int Dormant = 1004;
    public const int KeyRenewalNeeded = 1005;
    public const int ServerNotResolved = 1006;
    public const int ServerStarted = 1007;

    public const int PeerUnreachable = 2000;
    public const int PacketDropped = 2001;
    public const int LimitReached = 2002;

    public const int PortOpened = 3000;
    public const int PortNotOpened = 3001;
    public const int SendFailed = 3002;
    public const int ReceiveFailed = 3003;
    public const int EngineFault = 3004;
    public const int NativeSendFailed = 3005;
    public const int AcceptFailed = 3006;
    public const int ConnectionForgotten = 3007;
    public const int SmallReceiveBuffer = 3008;
    public const int DatapathRung = 3009;
    public const int ForwardSessionBegun = 3014;
    public const int ForwardSessionEnded = 3015;
    public const int ForwardFailed = 3016;
    public const int ForwardRefused = 3017;

    public const int NetworkChanged = 4000;
    public const int Resumed = 4001;
    public const int InterfacesUnknown = 4002;
    public const int NoKernelSockets = 4003;

    public const int PortMapped = 4100;
    public const int PortNotMapped = 4101;
    public const int PortMappingLost = 4102;
    public const int GatewayLostState = 4103;
    public const int GatewayNoAnswer = 4104;
    public const int GatewayAnswerIgnored = 4105;
    public const int UpnpAnswerIgnored = 4106;
    public const int MappingLeft = 4108;
    public const int MappingNotesUnusable = 4109;
    public const int PortMappedBehindNat = 4110;
    public const int InterfaceFound = 4004;
    public const int GaveWay = 4005;
    public const int RelayStarted = 4006;
    public const int RelayStopped = 4007;
    public const int RelayFailed = 4008;
    public const int NotWatching = 4009;
    public const int WaitingForNetwork = 4010;
    public const int AddressRestored = 4011;

    public const int WindowsStep = 4200;
    public const int FirewallExceptionMissing = 4201;
}
