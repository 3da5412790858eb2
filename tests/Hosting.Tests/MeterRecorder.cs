using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace TeredoSdk.Hosting.Tests;

/// <summary>Sums up what the SDK's meter counts, by instrument and first tag.</summary>
sealed class MeterRecorder : IDisposable
{
    readonly ConcurrentDictionary<string, double> _sums = new();
    readonly MeterListener _listener = new();

    public MeterRecorder()
    {
        _listener.InstrumentPublished = static (instrument, self) =>
        {
            if (instrument.Meter.Name == "TeredoSdk")
                self.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Add(instrument, value, tags));
        _listener.SetMeasurementEventCallback<double>((instrument, _, tags, _) => Add(instrument, 1, tags));
        _listener.Start();
    }

    public double this[string name] => _sums.GetValueOrDefault(name);

    public void Dispose() => _listener.Dispose();

    void Add(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags) =>
        _sums.AddOrUpdate(tags.Length == 0 ? instrument.Name : $"{instrument.Name} {tags[0].Value}", value, (_, sum) => sum + value);
}
