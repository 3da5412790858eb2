using System.CommandLine;

namespace TeredoSdk.Cli;

/// <summary>The options of every command.</summary>
static class CommonOptions
{
    public static readonly Option<bool> Json = new("--json") { Description = "One JSON document on stdout, and nothing else.", Recursive = true };

    public static readonly Option<bool> Verbose = new("--verbose", "-v") { Description = "Log what happens to stderr.", Recursive = true };

    /// <summary>Makes the option that lifts the rules of the public internet.</summary>
    public static Option<bool> AllowPrivate() => new("--allow-private")
    {
        Description = "Treat private, loopback and documentation addresses as public. For laboratories and loopback only.",
    };
}
