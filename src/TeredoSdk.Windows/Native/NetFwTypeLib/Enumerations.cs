#pragma warning disable CA1707, CA1712 // the type library's names
namespace TeredoSdk.Windows.Native.NetFwTypeLib;

/// <summary>The action of a rule, or of a profile without a rule (icftypes.h).</summary>
enum NET_FW_ACTION_
{
    NET_FW_ACTION_BLOCK = 0,
    NET_FW_ACTION_ALLOW = 1,
}

/// <summary>The protocol of an open port (icftypes.h).</summary>
enum NET_FW_IP_PROTOCOL_
{
    NET_FW_IP_PROTOCOL_TCP = 6,
    NET_FW_IP_PROTOCOL_UDP = 17,
}

/// <summary>Whether local rules have an effect (icftypes.h).</summary>
enum NET_FW_MODIFY_STATE_
{
    NET_FW_MODIFY_STATE_OK = 0,
    NET_FW_MODIFY_STATE_GP_OVERRIDE = 1,
    NET_FW_MODIFY_STATE_INBOUND_BLOCKED = 2,
}

/// <summary>The kind of a profile of Windows XP (icftypes.h).</summary>
enum NET_FW_PROFILE_TYPE_
{
    NET_FW_PROFILE_DOMAIN = 0,
    NET_FW_PROFILE_STANDARD = 1,
}

/// <summary>A set of profiles (icftypes.h).</summary>
[Flags]
enum NET_FW_PROFILE_TYPE2_
{
    NET_FW_PROFILE2_DOMAIN = 1,
    NET_FW_PROFILE2_PRIVATE = 2,
    NET_FW_PROFILE2_PUBLIC = 4,
    NET_FW_PROFILE2_ALL = 0x7FFFFFFF,
}

/// <summary>The direction of a rule (icftypes.h).</summary>
enum NET_FW_RULE_DIRECTION_
{
    NET_FW_RULE_DIR_IN = 1,
    NET_FW_RULE_DIR_OUT = 2,
}
