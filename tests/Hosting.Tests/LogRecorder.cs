using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace TeredoSdk.Hosting.Tests;

/// <summary>Keeps what was logged, as an application's own provider would.</summary>
sealed class LogRecorder : ILoggerProvider
{
    readonly ConcurrentQueue<(string Category, string Text)> _entries = new();

    public IEnumerable<string> Of(string category) => _entries.Where(entry => entry.Category == category).Select(entry => entry.Text);

    public ILogger CreateLogger(string categoryName) => new Logger(categoryName, _entries);

    public void Dispose() => _entries.Clear();

    sealed class Logger(string category, ConcurrentQueue<(string Category, string Text)> entries) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;
        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            entries.Enqueue((category, formatter(state, exception)));
    }
}
