namespace TeredoSdk.Setup.Linux;

/// <summary>A unit of systemd in the administrator's folder. The manager reads its units again after each change.</summary>
sealed class UnitSetting(LinuxMachine machine, string unit) : Setting(machine, unit)
{
    public const string KindName = "unit";

    /// <summary>The first line of each file that a setup makes.</summary>
    public const string Mark = "# Made by \"teredo setup\".";

    public override string Kind => KindName;

    string Path => $"/etc/systemd/system/{Subject}";

    public override string Describe(string? value) => value is null ? $"Remove the unit {Path}." : $"Write the unit {Path}.";

    public override Task<string?> ReadAsync(CancellationToken cancellationToken) => Task.FromResult(Machine.ReadFile(Path));

    public override async Task WriteAsync(string? value, CancellationToken cancellationToken)
    {
        Machine.WriteFile(Path, value);
        if (Machine.IsBooted)
            await Machine.ChangeAsync("systemctl", ["daemon-reload"], cancellationToken).ConfigureAwait(false);
    }

    public override bool IsMarked(string? value) => value?.StartsWith(Mark, StringComparison.Ordinal) == true;
}

/// <summary>Whether a unit starts with the machine.</summary>
sealed class EnabledSetting(LinuxMachine machine, string unit) : Setting(machine, unit)
{
    public const string KindName = "enabled", Enabled = "enabled";

    public override string Kind => KindName;

    public override string Describe(string? value) => value is null ? $"{Subject} no longer starts with the machine." : $"{Subject} starts with the machine.";

    public override async Task<string?> ReadAsync(CancellationToken cancellationToken)
    {
        var result = await Machine.RunAsync("systemctl", ["is-enabled", Subject], cancellationToken).ConfigureAwait(false);
        return result.Output.Trim() is Enabled ? Enabled : null;
    }

    public override async Task WriteAsync(string? value, CancellationToken cancellationToken)
    {
        if (value is null && await ReadAsync(cancellationToken).ConfigureAwait(false) is null)
            return;
        await Machine.ChangeAsync("systemctl", [value is null ? "disable" : "enable", Subject], cancellationToken).ConfigureAwait(false);
    }
}

/// <summary>Whether a unit runs now.</summary>
sealed class RunningSetting(LinuxMachine machine, string unit) : Setting(machine, unit)
{
    public const string KindName = "running", Active = "active";

    public override string Kind => KindName;

    public override bool FollowsOthers => true; // the running process has the former command line

    public override string Describe(string? value) => value is null ? $"Stop {Subject}." : $"Start {Subject}.";

    public override async Task<string?> ReadAsync(CancellationToken cancellationToken)
    {
        var result = await Machine.RunAsync("systemctl", ["is-active", Subject], cancellationToken).ConfigureAwait(false);
        return result.Output.Trim() is "inactive" or "failed" or "unknown" or "" ? null : Active; // between two attempts it is "activating"
    }

    public override async Task WriteAsync(string? value, CancellationToken cancellationToken)
    {
        if (value is not null)
            await Machine.ChangeAsync("systemctl", ["restart", Subject], cancellationToken).ConfigureAwait(false);
        else if (await ReadAsync(cancellationToken).ConfigureAwait(false) is not null)
            await Machine.ChangeAsync("systemctl", ["stop", Subject], cancellationToken).ConfigureAwait(false);
    }
}
