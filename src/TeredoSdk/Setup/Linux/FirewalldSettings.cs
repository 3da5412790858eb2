namespace TeredoSdk.Setup.Linux;

/// <summary>
/// A policy of firewalld that lets the port in from everywhere, in a file of its own (firewalld.policies(5)). The zones, which are the administrator's,
/// stay as they are. firewalld reads it when it starts or reloads. A setup does not make it reload, because that drops what others opened for now only.
/// </summary>
sealed class FirewalldPolicySetting(LinuxMachine machine, string policy) : Setting(machine, policy)
{
    public const string KindName = "firewalld-policy";

    public override string Kind => KindName;

    string Path => $"/etc/firewalld/policies/{Subject}.xml";

    /// <summary>The policy's file. A priority below 0 comes before the zones.</summary>
    public static string ContentFor(int port) => $"""
        <?xml version="1.0" encoding="utf-8"?>
        <policy priority="-100" target="CONTINUE">
          <short>Teredo</short>
          <description>{Sentence}</description>
          <ingress-zone name="ANY"/>
          <egress-zone name="HOST"/>
          <rule family="ipv4">
            <port port="{port}" protocol="udp"/>
            <accept/>
          </rule>
        </policy>

        """;

    const string Sentence = "Made by teredo setup; teredo remove takes it back.";

    public override string Describe(string? value) =>
        value is null ? $"Remove firewalld's policy {Path}." : $"Write firewalld's policy {Path}, which lets the port in after each restart.";

    public override Task<string?> ReadAsync(CancellationToken cancellationToken) => Task.FromResult(Machine.ReadFile(Path));

    public override async Task WriteAsync(string? value, CancellationToken cancellationToken)
    {
        string? former = Machine.ReadFile(Path);
        Machine.WriteFile(Path, value);
        // When firewalld reloaded since the setup, the policy is in force. It goes with the next reload; its rule goes now.
        if (value is null && PortOf(former) is { } port && await Firewalls.IsFirewalldRunningAsync(Machine, cancellationToken).ConfigureAwait(false))
        {
            string rule = $"rule family=\"ipv4\" port port=\"{port}\" protocol=\"udp\" accept", policy = $"--policy={Subject}";
            var found = await Machine.RunAsync("firewall-cmd", [policy, $"--query-rich-rule={rule}"], cancellationToken).ConfigureAwait(false);
            if (found.ExitCode == 0)
                await Machine.ChangeAsync("firewall-cmd", [policy, $"--remove-rich-rule={rule}"], cancellationToken).ConfigureAwait(false);
        }
    }

    public override bool IsMarked(string? value) => value?.Contains(Sentence, StringComparison.Ordinal) == true;

    static string? PortOf(string? content) => content?.Split("<port port=\"") is [_, var rest, ..] ? rest.Split('"')[0] : null;
}

/// <summary>A UDP port that a zone of firewalld lets in until firewalld reloads. From then on the policy does.</summary>
/// <param name="machine">The machine.</param>
/// <param name="zone">The zone.</param>
/// <param name="port">The port.</param>
sealed class FirewalldPortSetting(LinuxMachine machine, string zone, int port) : Setting(machine, $"{zone} {port}")
{
    public const string KindName = "firewalld-port", Open = "open";

    public static FirewalldPortSetting Parse(LinuxMachine machine, string subject) =>
        subject.Split(' ') is [var zone, var port] && int.TryParse(port, out int number) ? new(machine, zone, number) : throw new FormatException(subject);

    public override string Kind => KindName;

    public override string Describe(string? value) => value is null ? $"Close UDP port {port} in firewalld's zone {zone}."
        : $"Open UDP port {port} in firewalld's zone {zone}, until its next restart.";

    public override async Task<string?> ReadAsync(CancellationToken cancellationToken)
    {
        // A zone, or firewalld, that is gone has no open port.
        var result = await Machine.RunAsync("firewall-cmd", [$"--zone={zone}", $"--query-port={port}/udp"], cancellationToken).ConfigureAwait(false);
        return result.ExitCode == 0 ? Open : null;
    }

    public override async Task WriteAsync(string? value, CancellationToken cancellationToken)
    {
        if (await ReadAsync(cancellationToken).ConfigureAwait(false) == value)
            return;
        string change = value is null ? "--remove-port" : "--add-port";
        await Machine.ChangeAsync("firewall-cmd", [$"--zone={zone}", $"{change}={port}/udp"], cancellationToken).ConfigureAwait(false);
    }
}
