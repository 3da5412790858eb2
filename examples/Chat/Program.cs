using System.Runtime.InteropServices;
using TeredoSdk;

namespace Chat;

/// <summary>A chat among peers behind NATs; see README.md.</summary>
static class Program
{
    public const int DefaultPort = 4242;

    static async Task<int> Main(string[] args)
    {
        if (args.Contains("--help"))
        {
            Console.WriteLine(Arguments.Usage);
            return 0;
        }
        using var leaving = new CancellationTokenSource();
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Leave);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Leave);
        try
        {
            var arguments = Arguments.Parse(args);
            return arguments.Command == "demo" ? await Demo.RunAsync(arguments, leaving.Token) : await RunAsync(arguments, leaving.Token);
        }
        catch (FormatException e)
        {
            Console.Error.WriteLine(e.Message);
            return 2;
        }
        catch (Exception e) when (e is IOException or ArgumentException)
        {
            Console.Error.WriteLine(e.Message);
            return 1;
        }
        catch (OperationCanceledException)
        {
            return 0; // the user left before the chat began
        }

        void Leave(PosixSignalContext signal)
        {
            signal.Cancel = true; // Main must end normally, so that the other peers are told
            leaving.Cancel();
        }
    }

    // Runs the commands host and join.
    static async Task<int> RunAsync(Arguments arguments, CancellationToken cancellationToken)
    {
        await using var node = await TeredoNode.StartAsync(arguments.Options, cancellationToken);
        int port = arguments.Port ?? (arguments.Command == "host" ? DefaultPort : 0);
        var carrier = await Carrier.OpenAsync(node, port, arguments, cancellationToken);
        await using var mesh = new Mesh(arguments.Name, carrier, Console.WriteLine);
        Console.WriteLine(Carrier.Describe(carrier, node));
        Console.WriteLine($"Invitation: {carrier.Invitation}");
        if (arguments.Invitation is { } invitation)
            await mesh.JoinAsync(invitation).WaitAsync(cancellationToken);
        bool allArrived = true;
        await foreach (string line in Keyboard.ReadLinesAsync(cancellationToken))
        {
            int peers = mesh.Count, reached = await mesh.SayAsync(line);
            if (peers == 0)
                Console.WriteLine("* nobody is here yet");
            allArrived &= reached >= peers;
        }
        if (arguments.Command == "host" && Console.IsInputRedirected) // this peer sends no more lines, but others may
            await Task.Delay(Timeout.Infinite, cancellationToken).ContinueWith(_ => { }, TaskScheduler.Default);
        return allArrived ? 0 : throw new IOException("Not every line reached all peers.");
    }
}
