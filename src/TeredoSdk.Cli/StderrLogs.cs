using System.Globalization;
using Microsoft.Extensions.Logging;

namespace TeredoSdk.Cli;

/// <summary>Logs to stderr, a line a message.</summary>
sealed class StderrLogs : ILoggerFactory, ILogger
{
    /// <summary>What is below is not logged.</summary>
    public LogLevel Level { get; set; }

    public ILogger CreateLogger(string categoryName) => this;

    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException("stderr is the only place.");

    public bool IsEnabled(LogLevel logLevel) => logLevel >= Level && logLevel != LogLevel.None;

    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (!IsEnabled(logLevel))
            return;
        string line = string.Create(CultureInfo.InvariantCulture, $"{DateTime.Now:HH:mm:ss.fff} {Name(logLevel)}: {formatter(state, exception)}");
        Output.Notice(exception is null ? line : $"{line} {exception}");
    }

    public void Dispose()
    {
        // Nothing is held.
    }

    static string Name(LogLevel level) => level switch
    {
        LogLevel.Trace => "trace",
        LogLevel.Debug => "debug",
        LogLevel.Information => "info",
        LogLevel.Warning => "warning",
        _ => "error",
    };
}
