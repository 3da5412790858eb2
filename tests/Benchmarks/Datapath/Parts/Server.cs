using System.Net;
using TeredoSdk.Platform.Tests.Network;
using TeredoSdk.Platform.Tests.Programs;

namespace TeredoSdk.Datapath.Parts;

/// <summary>How many solicitations a server answers.</summary>
static class Server
{
    const int ServerProcessor = 0, LoadProcessor = 1;
    const string Shards = "2 shards";
    const double Parallel = 1.1; // processors that shards must have had for their figure to say something

    static readonly IPAddress[] Sources = [.. Enumerable.Range(31, 4).Select(last => IPAddress.Parse($"{Lab.DocumentationInternet}.{last}"))];

    public static Part Part { get; } = new("server", "Solicitations answered by a server",
        "One load generator of ours on a processor of its own asks as fast as the server answers, from 64 UDP ports; the server has one processor, and its rate "
        + "limits are off. With shards the server may use all processors, and shares them with the generator: what counts is the answers for each second of "
        + "processor time that the server got, times two. "
        + $"On a machine where the shards never ran beside each other (less than {Parallel:0.0} processors) this says nothing, and is not shown.",
        ["miredo-server", "teredo server", Shards],
        [
            new("perSecond", "answers per second", "0", "times miredo-server"),
            new("perCpuSecond", "answers per CPU s", "0", "times miredo-server's"),
            new("processors", "processors used", "0.00"),
        ],
        MeasureAsync);

    static async Task<double[]> MeasureAsync(string row, TimeSpan duration)
    {
        await using var lab = new Lab();
        var host = lab.AddServer();
        await lab.StartAsync();
        try
        {
            var server = row == "miredo-server" ? await Miredo.StartServerAsync(host) : await StartAsync(host, row == Shards ? 2 : 1);
            await host.ShellAsync(string.Concat(Sources.Select(source => $"ip address add {source}/24 dev eth0\n")));
            if (row != Shards)
                Cpu.Pin(server, ServerProcessor);
            double before = 0;
            var (answers, seconds) = host.Run(() =>
            {
                Cpu.Pin(0, LoadProcessor);
                using var load = new ServerLoad(host.Address, Sources);
                return load.Run(duration, () => before = Cpu.SecondsOf([server]));
            });
            double cpu = Cpu.SecondsOf([server]) - before, perSecond = answers / cpu;
            double shown = row != Shards ? answers / seconds : cpu / seconds >= Parallel ? 2 * perSecond : double.NaN;
            return [shown, perSecond, cpu / seconds];
        }
        catch (Exception)
        {
            Console.Error.WriteLine(lab.Transcript);
            throw;
        }
    }

    static async Task<LabProcess> StartAsync(LabHost host, int shards)
    {
        var process = TeredoProgram.Start(host, ["server", "--address", $"{host.Address}", "--secondary-address", $"{Lab.DocumentationInternet}.2",
            "--rate-limits", "off", "--shards", $"{shards}", "--allow-private"]);
        await process.WaitForLineAsync("serving on");
        return process;
    }
}
