using Spectre.Console;

namespace TeredoSdk.Cli;

/// <summary>Shows on the terminal that the command is waiting. A class of its own, so that Spectre.Console is loaded only when needed.</summary>
static class Spinner
{
    public static Task<T> ShowAsync<T>(string what, Task<T> task)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
        return console.Status().StartAsync(Markup.Escape(what), _ => task);
    }
}
