using System.CommandLine;
using System.Globalization;
using System.Net;
using System.Net.NetworkInformation;
using TeredoSdk.Cli.Json;
using TeredoSdk.Cli.Traffic;

namespace TeredoSdk.Cli.Commands;

/// <summary><c>teredo ping</c>: sends ICMPv6 Echo Requests over Teredo.</summary>
sealed class PingCommand : Command
{
    // The engine needs 12 s to find that a new peer can't be reached. A peer that answered before is only slow.
    static readonly TimeSpan FirstWait = TimeSpan.FromSeconds(13), LaterWait = TimeSpan.FromSeconds(4);

    readonly Argument<string> _address = new("ADDR") { Description = "The peer's IPv6 address or name.", CustomParser = Values.Host };

    readonly Option<int> _count = new("--count", "-c")
    {
        Description = "How many requests to send, 4 by default.",
        HelpName = "COUNT",
        DefaultValueFactory = _ => 4,
        CustomParser = Values.Number(1, ushort.MaxValue),
    };

    readonly Option<TimeSpan> _interval = new("--interval", "-i")
    {
        Description = "The time between two requests, 1 by default.",
        HelpName = "SECONDS",
        DefaultValueFactory = _ => TimeSpan.FromSeconds(1),
        CustomParser = Values.Seconds(0.01, 3600),
    };

    readonly NodeOptions _node = new();

    public PingCommand() : base("ping", "Send ICMPv6 Echo Requests over Teredo; exits with 1 when no reply came. Ctrl-C stops sending.")
    {
        Add(_address);
        Add(_count);
        Add(_interval);
        _node.AddTo(this);
        SetAction((arguments, _) => Invocation.RunAsync(arguments, RunAsync));
    }

    async Task<int> RunAsync(Invocation invocation)
    {
        var (arguments, output) = (invocation.Arguments, invocation.Output);
        var address = await PeerName.ResolveAsync(arguments.GetValue(_address)!, invocation.Ended);
        await using var node = await _node.StartAsync(invocation);
        var replies = await PingAsync(node.PingAsync, address, arguments.GetValue(_count), arguments.GetValue(_interval), invocation);
        var document = Summarize(address, replies);
        output.Document(document, json => json.PingDocument);
        output.Line(string.Create(CultureInfo.InvariantCulture,
            $"{document.Sent} sent, {document.Received} received, {document.LossPercent:0.#} % lost"));
        if (document.Received == 0)
        {
            Output.Notice(document.Problem!);
            return 1;
        }
        output.Line(string.Create(CultureInfo.InvariantCulture,
            $"round trip {document.MinMilliseconds:0.00} ms at least, {document.AverageMilliseconds:0.00} ms on average, "
                + $"{document.MaxMilliseconds:0.00} ms at most"));
        return 0;
    }

    /// <summary>Sends requests, and prints what comes of each as soon as it is known.</summary>
    /// <param name="ping">Sends one request.</param>
    /// <param name="address">The peer.</param>
    /// <param name="count">How many requests are sent.</param>
    /// <param name="interval">The time between two of them.</param>
    /// <param name="invocation">The run of the command.</param>
    internal static async Task<IReadOnlyList<PingReplyDocument>> PingAsync(PingPeer ping, IPAddress address, int count, TimeSpan interval,
        Invocation invocation)
    {
        List<Task<PingReplyDocument?>> pings = [];
        bool answered = false;
        try
        {
            using var timer = new PeriodicTimer(interval);
            do
                pings.Add(PingOnceAsync(pings.Count + 1));
            while (pings.Count < count && !pings.Exists(ping => ping.IsFaulted) && await timer.WaitForNextTickAsync(invocation.Ended));
        }
        catch (OperationCanceledException)
        {
            // The user stopped the pings; the replies so far count.
        }
        return [.. (await Task.WhenAll(pings)).OfType<PingReplyDocument>()];

        async Task<PingReplyDocument?> PingOnceAsync(int sequence)
        {
            try
            {
                var reply = await ping(address, answered ? LaterWait : FirstWait, invocation.Ended);
                bool success = reply.Status == IPStatus.Success;
                answered |= success;
                double? milliseconds = success ? reply.RoundTripTime.TotalMilliseconds : null;
                invocation.Output.Line(success
                    ? string.Create(CultureInfo.InvariantCulture, $"reply from {address}: seq={sequence} time={milliseconds:0.00} ms")
                    : $"no reply from {address}: seq={sequence} {reply.Problem}".TrimEnd());
                return new(sequence, success ? "success" : reply.Status == IPStatus.TimedOut ? "timedOut" : "unreachable", milliseconds,
                    reply.Problem);
            }
            catch (OperationCanceledException)
            {
                return null; // the wait was cancelled, so the result is not known
            }
        }
    }

    internal static PingDocument Summarize(IPAddress address, IReadOnlyList<PingReplyDocument> replies)
    {
        double[] times = [.. replies.Select(reply => reply.RoundTripMilliseconds).OfType<double>()];
        string problem = replies.Select(reply => reply.Problem).LastOrDefault(problem => problem is not null)
            ?? $"No reply came from {address}. A Teredo host answers only while it has a socket open for strangers, and a firewall may drop "
                + "the requests.";
        bool any = times.Length > 0;
        return new(address, replies.Count, times.Length, replies.Count == 0 ? 0 : 100.0 * (replies.Count - times.Length) / replies.Count,
            any ? times.Min() : null, any ? times.Average() : null, any ? times.Max() : null, replies, any ? null : problem);
    }
}
