using Microsoft.Extensions.Logging;

namespace TeredoSdk.Engine;

/// <summary>A logger whose failures end here: the engine's threads go on, whatever becomes of a message.</summary>
sealed class GuardedLogger(ILogger inner) : ILogger
{
    /// <summary>The logger for the messages about a type.</summary>
    public static ILogger For<T>(ILoggerFactory factory) => new GuardedLogger(factory.CreateLogger<T>());

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
            // There is nobody left to tell.
        }
    }
}
