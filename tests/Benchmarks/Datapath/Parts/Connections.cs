using System.Globalization;
using TeredoSdk.Platform.Tests.Network;

namespace TeredoSdk.Datapath.Parts;

/// <summary>Many TCP connections at once through one engine.</summary>
static class Connections
{
    const int Few = 10, Many = 10_000;

    public static Part Part { get; } = new("connections", "Many TCP connections through one engine",
        "Ordinary users' programs on two hosts, without root: one opens TCP connections to the other, and when all are open each carries 1000 octets there and "
        + "back. The memory is what the processes have resident, with the runtime and the program's own buffers.",
        [Name(Few), Name(Many)],
        [
            new("echoed", "answered", "0"), new("perSecond", "opened per second", "0"), new("echoSeconds", "s until all had answered", "0.00"),
            new("callerMb", "MB, caller", "0"), new("listenerMb", "MB, listener", "0"),
        ],
        MeasureAsync)
    { MaxRounds = 1 };

    static string Name(int count) => string.Create(CultureInfo.InvariantCulture, $"{count} connections");

    static Task<double[]> MeasureAsync(string row, TimeSpan duration) => Bed.UseAsync(async bed =>
    {
        int count = row == Name(Few) ? Few : Many;
        var echo = Actor.Start(bed.Other, Crowd.Echo, bed.Server, TeredoProvider.Embedded);
        string target = (await echo.WaitForLineAsync(Crowd.Listening))[Crowd.Listening.Length..];
        var callers = Actor.Start(bed.One, Crowd.Callers, bed.Server, TeredoProvider.Embedded, target, count.ToString(CultureInfo.InvariantCulture));
        string[] said = (await callers.WaitForLineAsync(Crowd.Done)).Split(' ');
        double[] figures = [.. said.Skip(1).Select(figure => double.Parse(figure, CultureInfo.InvariantCulture))];
        return new[] { figures[0], count / figures[1], figures[2], ResidentMb(callers), ResidentMb(echo) };
    });

    static double ResidentMb(LabProcess process)
    {
        const string resident = "VmRSS:"; // in kB
        string line = File.ReadLines($"/proc/{process.Id}/status").First(line => line.StartsWith(resident, StringComparison.Ordinal));
        return double.Parse(line[resident.Length..^2], CultureInfo.InvariantCulture) / 1024;
    }
}
