using Spectre.Console;

namespace TeredoSdk.Cli;

/// <summary>A sign of life on the terminal of stderr. Apart from its caller, so that the library is loaded only when needed.</summary>
static class Spinner
{
    public static Task<T> ShowAsync<T>(string what, Task<T> task)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
        return console.Status().StartAsync(Markup.Escape(what), _ => task);
    }
}
