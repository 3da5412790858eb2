// An application for the tests of the lab: it does what it is told and prints a line for each thing that it sees. Its servers are those
// of the environment.
using System.Net;
using TeredoSdk.Platform.Probe;

return args switch
{
    ["talk"] => await Talk.RunAsync(Console.In),
    ["start"] => await StartTime.RunAsync(),
    ["packets"] => await FirstPackets.RunAsync(),
    ["doctor", var server, var port] => await Doctor.RunAsync(server, port),
    ["interface"] => await InterfaceCheck.RunAsync(),
    ["heap"] => await Heap.RunAsync(),
    ["forward", "in", var at] => await Forward.InAsync(int.Parse(at, null)),
    ["forward", "out", var peer] => await Forward.OutAsync(IPEndPoint.Parse(peer)),
    ["sockets"] => await Sockets.RunAsync(),
    ["sandbox", var family, .. var command] => Sandbox.Run(uint.Parse(family, null), command),
    _ => 2,
};
