using System.Diagnostics.Metrics;
using TeredoSdk.Engine;

namespace TeredoSdk.Tests;

/// <summary>The rehearsal of a first connection does what a first connection does, so that its code is compiled afterwards.</summary>
public class RehearsalTests
{
    [Test]
    public void AllPackets_ReachThePeers() => Assert.That(Rehearsal.Run(), Is.EqualTo(4));

    [Test]
    [NonParallelizable] // the meter is that of the process
    public void TheMeter_CountsNothingOfIt()
    {
        List<string> counted = [];
        using var listener = new MeterListener
        {
            InstrumentPublished = static (instrument, self) =>
            {
                if (instrument.Meter.Name == TeredoTelemetry.MeterName)
                    self.EnableMeasurementEvents(instrument);
            },
        };
        int thread = Environment.CurrentManagedThreadId; // other nodes of the process count on theirs
        listener.SetMeasurementEventCallback<long>((instrument, _, _, _) =>
        {
            if (Environment.CurrentManagedThreadId == thread)
                counted.Add(instrument.Name);
        });
        listener.Start();
        Rehearsal.Run();
        Assert.That(counted, Is.Empty);
    }
}
