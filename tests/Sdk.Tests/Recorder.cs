using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace TeredoSdk.Tests;

/// <summary>Keeps what was logged.</summary>
sealed class Recorder : ILoggerFactory, ILogger
{
    readonly ConcurrentQueue<(int Id, string Text)> _entries = new();

    public List<string> Of(int id) => [.. _entries.Where(entry => entry.Id == id).Select(entry => entry.Text)];

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        _entries.Enqueue((eventId.Id, formatter(state, exception)));

    public bool IsEnabled(LogLevel logLevel) => true;
    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;
    public ILogger CreateLogger(string categoryName) => this;
    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();
    public void Dispose() => _entries.Clear();
}
