using Microsoft.Extensions.Logging;

namespace TeredoSdk.Telemetry;

/// <summary>A logger that ignores the exceptions of the application's logger, so that the engine's threads go on.</summary>
sealed class GuardedLogger(ILogger inner) : ILogger
{
    /// <summary>The logger for the messages about a type.</summary>
    /// <param name="type">The type's full name: the category of its messages.</param>
    /// <param name="factory">Makes the application's logger.</param>
    public static ILogger For(string type, ILoggerFactory factory) => new GuardedLogger(factory.CreateLogger(type));

    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => inner.BeginScope(state);

    public bool IsEnabled(LogLevel logLevel)
    {
        try
        {
            return inner.IsEnabled(logLevel);
        }
        catch (Exception)
        {
            return false;
        }
    }

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        try
        {
            inner.Log(logLevel, eventId, state, exception, formatter);
        }
        catch (Exception)
        {
            // An exception of the logger can't be logged.
        }
    }
}
