using System.Runtime.InteropServices;

namespace GameServer;

/// <summary>A game over Teredo; see README.md.</summary>
static class Program
{
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
            if (arguments.Seconds is { } seconds)
                leaving.CancelAfter(TimeSpan.FromSeconds(seconds));
            return arguments.Command switch
            {
                "host" => await Host.RunAsync(arguments, leaving.Token),
                "play" => await Player.RunAsync(arguments, leaving.Token),
                "bots" => await Bots.RunAsync(arguments, leaving.Token),
                _ => await Demo.RunAsync(arguments, leaving.Token),
            };
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
            return 0; // the user left before the game began
        }

        void Leave(PosixSignalContext signal)
        {
            signal.Cancel = true; // Main must end normally, so that the others are told
            leaving.Cancel();
        }
    }
}
