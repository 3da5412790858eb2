using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.RegularExpressions;

namespace TeredoSdk.Windows.Setup;

/// <summary>
/// A plan on its way to the process with an administrator's rights: what was asked for, as arguments of which there is one form only, and a digest of
/// the steps that were confirmed. There is no file, which a user without rights could change on the way.
/// </summary>
/// <param name="IsRemoval">Whether it is a removal.</param>
/// <param name="Options">The application: its path is full, and without variables, which are those of the user who asks.</param>
/// <param name="User">The user who asked (the SID).</param>
/// <param name="Digest">The digest of the confirmed steps.</param>
sealed partial record ElevatedArguments(bool IsRemoval, TeredoSetupOptions Options, string User, string Digest)
{
    /// <summary>The first argument of such a process.</summary>
    public const string Verb = "teredosdk-elevated";

    const string Setup = "setup", Remove = "remove";

    public string[] ToArguments() =>
    [
        Verb, IsRemoval ? Remove : Setup, "--name", Options.Name, "--app", Options.ProgramPath,
        .. Of("--tcp", Options.TcpPort?.ToString(CultureInfo.InvariantCulture)), .. Of("--udp", Options.UdpPort?.ToString(CultureInfo.InvariantCulture)),
        "--edge", Options.EdgeTraversal.ToString(), "--teredo", Options.EnableTeredo ? "on" : "as-it-is", .. Of("--server", Options.Server),
        "--user", User, "--confirmed", Digest,
    ];

    /// <summary>Reads the arguments. What is not exactly as <see cref="ToArguments"/> writes it is refused.</summary>
    public static bool TryParse(string[] arguments, [NotNullWhen(true)] out ElevatedArguments? parsed)
    {
        parsed = null;
        if (arguments is not [Verb, Setup or Remove, .. var pairs] || pairs.Length % 2 != 0)
            return false;
        var values = pairs.Chunk(2).DistinctBy(pair => pair[0]).ToDictionary(pair => pair[0], pair => pair[1]);
        var options = new TeredoSetupOptions
        {
            Name = values.GetValueOrDefault("--name", ""),
            ProgramPath = values.GetValueOrDefault("--app", ""),
            TcpPort = Port("--tcp"),
            UdpPort = Port("--udp"),
            EdgeTraversal = Enum.TryParse<EdgeTraversal>(values.GetValueOrDefault("--edge"), out var edge) ? edge : default,
            EnableTeredo = values.GetValueOrDefault("--teredo") == "on",
            Server = values.GetValueOrDefault("--server"),
        };
        var read = new ElevatedArguments(arguments[1] == Remove, options, values.GetValueOrDefault("--user", ""), values.GetValueOrDefault("--confirmed", ""));
        if (!read.ToArguments().SequenceEqual(arguments) || !Sid().IsMatch(read.User) || !Hash().IsMatch(read.Digest))
            return false;
        parsed = read;
        return true;

        int? Port(string name) => int.TryParse(values.GetValueOrDefault(name), NumberStyles.None, CultureInfo.InvariantCulture, out int port) ? port : null;
    }

    static string[] Of(string name, string? value) => value is null ? [] : [name, value];

    [GeneratedRegex(@"\AS-1(-[0-9]{1,15}){1,16}\z")]
    private static partial Regex Sid();

    [GeneratedRegex(@"\A[0-9A-F]{64}\z")]
    private static partial Regex Hash();
}
