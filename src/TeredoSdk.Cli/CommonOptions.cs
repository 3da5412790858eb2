using System.CommandLine;

namespace TeredoSdk.Cli;

/// <summary>The options of every command.</summary>
static class CommonOptions
{
    public static readonly Option<bool> Json = new("--json") { Description = "One JSON document on stdout, and nothing else.", Recursive = true };

    public static readonly Option<bool> Verbose = new("--verbose", "-v") { Description = "Log what happens to stderr.", Recursive = true };

    /// <summary>Makes the option that chooses how packets are moved.</summary>
    public static Option<TeredoDatapath> Datapath() => new("--datapath")
    {
        Description = "The fastest way to move packets that is tried: offload, segments, batches or sockets; auto, the default, is the fastest that the "
            + "system has.",
        HelpName = "WAY",
        CustomParser = Values.Choice(("auto", TeredoDatapath.Auto), ("offload", TeredoDatapath.Offload), ("segments", TeredoDatapath.Segments),
            ("batches", TeredoDatapath.Batches), ("sockets", TeredoDatapath.Sockets)),
    };

    /// <summary>Makes the option that lifts the rules of the public internet.</summary>
    public static Option<bool> AllowPrivate() => new("--allow-private")
    {
        Description = "Treat private, loopback and documentation addresses as public. For laboratories and loopback only.",
    };
}
