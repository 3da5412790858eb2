namespace TeredoSdk.Protocol.Tests;

public sealed class LocalPortTests
{
    static readonly LocalPort[] Ports =
    [
        LocalPort.Service, LocalPort.Interval, LocalPort.Discovery, LocalPort.ServerPrimary, LocalPort.ServerSecondary, LocalPort.Reflector, LocalPort.OtherReflector, new(16), new(17),
    ];

    [Test]
    public void Ports_HaveNumbersAndNames()
    {
        Assert.That(Ports.Select(port => port.Id), Is.EqualTo(new[] { 0, 1, 2, 3, 4, 5, 6, 16, 17 }));
        Assert.That(Ports.Select(port => $"{port}"), Is.EqualTo(new[]
        {
            "service", "interval", "discovery", "primary", "secondary", "reflector", "other-reflector", "random-0", "random-1",
        }));
        Assert.That(Ports.Append(new(15)).Where(port => port.IsRandom).Select(port => port.Id), Is.EqualTo(new[] { 16, 17 }));
    }
}
