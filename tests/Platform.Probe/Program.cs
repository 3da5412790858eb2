// An application for the tests of the lab: it does what it is told and prints a line for each thing that it sees. Its servers are those
// of the environment.
using TeredoSdk.Platform.Probe;

return args switch
{
    ["talk"] => await Talk.RunAsync(Console.In),
    ["start"] => await StartTime.RunAsync(),
    ["doctor", var server, var port] => await Doctor.RunAsync(server, port),
    ["interface"] => await InterfaceCheck.RunAsync(),
    ["heap"] => await Heap.RunAsync(),
    ["sockets"] => await Sockets.RunAsync(),
    ["sandbox", var family, .. var command] => Sandbox.Run(uint.Parse(family, null), command),
    _ => 2,
};
