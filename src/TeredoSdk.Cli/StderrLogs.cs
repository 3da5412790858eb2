using System.Globalization;
using Microsoft.Extensions.Logging;

namespace TeredoSdk.Cli;

/// <summary>Logs to stderr, one line for each message.</summary>
sealed class StderrLogs : ILoggerFactory, ILogger
{
    /// <summary>Messages below this level are not logged.</summary>
    public LogLevel Level { get; set; }

    public ILogger CreateLogger(string categoryName) => this;

    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException("Logs go only to stderr; no provider can be added.");

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
        // There is nothing to dispose.
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
