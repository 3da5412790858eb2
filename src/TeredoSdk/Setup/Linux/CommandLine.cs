namespace TeredoSdk.Setup.Linux;

/// <summary>Command lines that can be pasted into a shell.</summary>
static class CommandLine
{
    public static string Setup(TeredoServiceOptions options) => Of(
    [
        "sudo", options.ProgramPath, "setup", "--service", new ServiceNames(options.Service).Command,
        .. options.Firewall == LinuxFirewall.Auto ? Array.Empty<string>() : ["--firewall", options.Firewall.ToString().ToLowerInvariant()],
        "--yes", "--", .. options.Arguments,
    ]);

    public static string Remove(TeredoService service) => $"sudo {Of([Environment.ProcessPath is { } path && Path.GetFileName(path) == "teredo" ? path : "teredo"])} "
        + $"remove --service {new ServiceNames(service).Command} --yes";

    // Between apostrophes a shell takes everything as it is, except for the apostrophe.
    static string Of(IEnumerable<string> arguments) => string.Join(' ', arguments.Select(argument =>
        argument.Length > 0 && argument.All(c => char.IsAsciiLetterOrDigit(c) || "-_./:,=@+".Contains(c)) ? argument
            : $"'{argument.Replace("'", @"'\''", StringComparison.Ordinal)}'"));
}
