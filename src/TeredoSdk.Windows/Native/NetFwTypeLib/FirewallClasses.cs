namespace TeredoSdk.Windows.Native.NetFwTypeLib;

/// <summary>The class identifiers of the firewall, named as in netfw.h without the prefix CLSID_.</summary>
static class FirewallClasses
{
    public static readonly Guid NetFwPolicy2 = new("e2b3c97f-6ae1-41ac-817a-f6f92166d7dd");
    public static readonly Guid NetFwRule = new("2c5bc43e-3369-4c33-ab0c-be9469677af4");
    public static readonly Guid NetFwProducts = new("cc19079b-8272-4d73-bb70-cdb533527b61");
    public static readonly Guid NetFwMgr = new("304ce942-6e39-40d8-943a-b913c40c9cd4");
    public static readonly Guid NetFwOpenPort = new("0ca545c6-37ad-4a6c-bf92-9f7610067ef5");
}
