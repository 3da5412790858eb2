using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using TeredoSdk.Platform.Tests.Network;
using TeredoSdk.Platform.Tests.Programs;

namespace TeredoSdk.Platform.Tests.Scenarios;

/// <summary>How a call of a <see cref="Talker"/> ended.</summary>
/// <param name="Connected">Whether the peer sent back what it was sent.</param>
/// <param name="Duration">From the call to its end.</param>
/// <param name="Text">What the program said.</param>
sealed record CallResult(bool Connected, TimeSpan Duration, string Text);

/// <summary>The test's own application in a host of the lab, as an unprivileged user: its node listens and echoes, and it calls others.</summary>
sealed partial class Talker
{
    public const string Folder = "tests/Platform.Probe", Assembly = "probe";
    static int Calls;

    Talker(LabHost host, LabProcess process, IPEndPoint endPoint) => (Host, Process, EndPoint) = (host, process, endPoint);

    public LabHost Host { get; }
    public LabProcess Process { get; }

    /// <summary>Where it listened at first.</summary>
    public IPEndPoint EndPoint { get; }

    /// <summary>Starts it; it listens when this returns.</summary>
    /// <param name="host">The host.</param>
    /// <param name="servers">Its servers, by preference.</param>
    /// <param name="settings">Variables of the application: PROBE_REFRESH (seconds), PROBE_MAPPING (any value).</param>
    public static async Task<Talker> StartAsync(LabHost host, IEnumerable<LabHost> servers, params (string Name, string Value)[] settings)
    {
        var process = Run(host, servers, "talk", settings);
        string line = await process.WaitForLineAsync("listening ");
        return new(host, process, IPEndPoint.Parse(line["listening ".Length..]));
    }

    /// <summary>Starts the application with one of its tasks, and what that takes.</summary>
    public static LabProcess Run(LabHost host, IEnumerable<LabHost> servers, string task, params (string Name, string Value)[] settings)
    {
        var environment = settings.ToDictionary(setting => setting.Name, setting => setting.Value);
        environment["TEREDO_SERVER"] = string.Join(';', servers.Select(server => server.Address));
        return host.Start(BuildOutput.Executable(Folder, Assembly), task.Split(' '), StartOptions.User with { Environment = environment });
    }

    /// <summary>Gives it a command.</summary>
    public void Tell(string command) => Process.Input.WriteLine(command);

    /// <summary>Calls a peer from a new node of the application, which nobody knows yet.</summary>
    public Task<CallResult> CallAsync(Talker peer) => CallAsync(peer.EndPoint);

    /// <inheritdoc cref="CallAsync(Talker)"/>
    public async Task<CallResult> CallAsync(IPEndPoint peer)
    {
        string tag = $"call{Interlocked.Increment(ref Calls)}";
        Tell($"call {tag} {peer}");
        string line = await Process.WaitForLineAsync(line => line.StartsWith($"{tag} ", StringComparison.Ordinal));
        var match = Ending().Match(line);
        Assert.That(match.Success, Is.True, line);
        var duration = TimeSpan.FromMilliseconds(int.Parse(match.Groups[2].Value, CultureInfo.InvariantCulture));
        return new(match.Groups[1].Value == "connected", duration, line[(tag.Length + 1)..]);
    }

    [GeneratedRegex("^call[0-9]+ (connected|failed) after ([0-9]+) ms")]
    private static partial Regex Ending();
}
