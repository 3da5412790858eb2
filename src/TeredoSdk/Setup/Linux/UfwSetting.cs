using System.Globalization;

namespace TeredoSdk.Setup.Linux;

/// <summary>A rule of ufw that lets a UDP port in over IPv4. Its comment says whose it is.</summary>
/// <param name="machine">The machine.</param>
/// <param name="port">The port.</param>
/// <param name="comment">The comment of our own rule.</param>
sealed class UfwSetting(LinuxMachine machine, int port, string comment) : Setting(machine, $"{port} {comment}")
{
    public const string KindName = "ufw";

    public static UfwSetting Parse(LinuxMachine machine, string subject) =>
        subject.Split(' ', 2) is [var port, var comment] && int.TryParse(port, out int number) ? new(machine, number, comment) : throw new FormatException(subject);

    /// <summary>The rules with a comment.</summary>
    public static async Task<IEnumerable<UfwSetting>> FindAsync(LinuxMachine machine, string comment, CancellationToken cancellationToken)
    {
        const string start = "ufw allow ";
        return (await ReadRulesAsync(machine, cancellationToken).ConfigureAwait(false))
            .Where(line => line.StartsWith(start, StringComparison.Ordinal) && line.EndsWith($"/udp comment '{comment}'", StringComparison.Ordinal))
            .Select(line => new UfwSetting(machine, int.Parse(line[start.Length..].Split('/')[0], CultureInfo.InvariantCulture), comment));
    }

    string[] Rule => ["allow", "proto", "udp", "from", "any", "to", "0.0.0.0/0", "port", $"{port}"];

    public override string Kind => KindName;

    public override string Describe(string? value) => value is null ? $"Remove ufw's rule for UDP port {port}."
        : value == comment ? $"Add a rule to ufw: UDP port {port} is let in." : $"Leave ufw's rule for UDP port {port} to the administrator.";

    /// <summary>The comment of the rule for the port, empty for a rule without one; null when there is none.</summary>
    public override async Task<string?> ReadAsync(CancellationToken cancellationToken)
    {
        string start = $"ufw allow {port}/udp";
        string? line = (await ReadRulesAsync(Machine, cancellationToken).ConfigureAwait(false)).FirstOrDefault(line => line == start || line.StartsWith(start + " comment ", StringComparison.Ordinal));
        return line is null ? null : line.Length == start.Length ? "" : line[(start.Length + " comment '".Length)..].TrimEnd('\'');
    }

    public override async Task WriteAsync(string? value, CancellationToken cancellationToken)
    {
        if (await ReadAsync(cancellationToken).ConfigureAwait(false) == value)
            return;
        await Machine.ChangeAsync("ufw", value is null ? ["delete", .. Rule] : [.. Rule, "comment", value], cancellationToken).ConfigureAwait(false);
    }

    static async Task<string[]> ReadRulesAsync(LinuxMachine machine, CancellationToken cancellationToken)
    {
        var result = await machine.RunAsync("ufw", ["show", "added"], cancellationToken).ConfigureAwait(false);
        return result.ExitCode == 0 ? result.Output.Split('\n')
            : throw new TeredoException(TeredoError.FirewallUnavailable, $"The rules of ufw can't be read: {result.Complaint}.");
    }

    public override bool IsMarked(string? value) => value == comment;
}
