namespace TeredoSdk.Windows.Native.Filtering;

/// <summary>Tells the purpose of a filter in the edge-traversal sublayer, from its layer and its action.</summary>
static class EdgeTraversalRule
{
    public const uint Block = 0x1001, Permit = 0x1002, CalloutFlag = 0x4000; // fwptypes.h: FWP_ACTION_...

    // fwpmu.h: FWPM_LAYER_ALE_AUTH_RECV_ACCEPT_V6, FWPM_LAYER_ALE_AUTH_LISTEN_V6, FWPM_LAYER_ALE_RESOURCE_ASSIGNMENT_V6.
    public static readonly Guid AcceptLayer = new("a3b42c97-9f04-4672-b87e-cee9c483257f");
    public static readonly Guid ListenLayer = new("7ac9de24-17dd-4814-b4bd-a9fbc95a321b");
    public static readonly Guid AssignmentLayer = new("55a650e1-5f0a-4eca-a653-88f53b26aa8c");

    // fwpmu.h: FWPM_CALLOUT_EDGE_TRAVERSAL_ALE_LISTEN_V6, .._V4, FWPM_CALLOUT_EDGE_TRAVERSAL_ALE_RESOURCE_ASSIGNMENT_V6, .._V4.
    static readonly Guid[] DormancyCallouts =
    [
        new("81a434e7-f60c-4378-bab8-c625a30f0197"), new("33486ab5-6d5e-4e65-a00b-a7afed0ba9a1"),
        new("31b95392-066e-42a2-b7db-92f8acdd56f9"), new("079b1010-f1c5-4fcd-ae05-da41107abd0b"),
    ];

    public static EdgeTraversalFilterKind Classify(Guid layer, uint action, Guid callout, bool isForProgram)
    {
        if ((action & CalloutFlag) != 0)
            return layer == ListenLayer || layer == AssignmentLayer || DormancyCallouts.Contains(callout)
                ? EdgeTraversalFilterKind.Dormancy : EdgeTraversalFilterKind.Other;
        if (layer != AcceptLayer)
            return EdgeTraversalFilterKind.Other;
        return action switch
        {
            Permit => EdgeTraversalFilterKind.Permit,
            Block when !isForProgram => EdgeTraversalFilterKind.DefaultBlock,
            _ => EdgeTraversalFilterKind.Other,
        };
    }
}
