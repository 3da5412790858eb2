using TeredoSdk.Engine.Stacks.InProcess;

namespace TeredoSdk.Tests;

/// <summary>The ports of the stack inside the process.</summary>
public sealed class InProcessStackTests
{
    const int FirstDynamicPort = 49152, DynamicPorts = 65536 - FirstDynamicPort; // RFC 6335 §6

    [Test]
    public void AnyPort_IsAFreeDynamicOne_UntilNoneIsLeft()
    {
        using var stack = new InProcessStack(default);
        stack.Bind(4242, isUnrestricted: false);
        var endpoints = Enumerable.Range(0, DynamicPorts).Select(_ => stack.Bind(0, isUnrestricted: false)).ToArray();
        Assert.That(endpoints.Select(endpoint => endpoint.LocalEndPoint.Port).Order(), Is.EqualTo(Enumerable.Range(FirstDynamicPort, DynamicPorts)));
        Assert.That(Assert.Throws<TeredoException>(() => stack.Bind(0, isUnrestricted: false))!.Error, Is.EqualTo(TeredoError.PortUnavailable));
        endpoints[7].Dispose();
        using var last = stack.Bind(0, isUnrestricted: false);
        Assert.That(last.LocalEndPoint.Port, Is.EqualTo(endpoints[7].LocalEndPoint.Port));
    }

    [Test]
    public void AnyPort_IsNotTheSameAtEachStart()
    {
        HashSet<int> first = [];
        for (int i = 0; i < 20 && first.Count < 2; i++)
        {
            using var stack = new InProcessStack(default);
            first.Add(stack.Bind(0, isUnrestricted: false).LocalEndPoint.Port);
        }
        Assert.That(first, Has.Count.EqualTo(2), "RFC 6056: nobody shall guess it");
    }

    [Test]
    public void NamedPort_IsGivenOnce_AndFreeAfterItsEnd()
    {
        using var stack = new InProcessStack(default);
        var one = stack.Bind(4242, isUnrestricted: false);
        Assert.That(Assert.Throws<TeredoException>(() => stack.Bind(4242, isUnrestricted: false))!.Error, Is.EqualTo(TeredoError.PortUnavailable));
        one.Dispose();
        using var next = stack.Bind(4242, isUnrestricted: false);
        one.Dispose(); // once more, which must not free the port of the next one
        Assert.Throws<TeredoException>(() => stack.Bind(4242, isUnrestricted: false));
    }

    [Test]
    public async Task EndOfTheStack_EndsItsWaits_AndGivesNoPort()
    {
        var stack = new InProcessStack(default);
        var endpoint = stack.Bind(4242, isUnrestricted: true);
        Task[] waiting = [endpoint.ReceiveAsync(default).AsTask(), endpoint.ReceiveFromAsync(new byte[1], default).AsTask()];
        stack.Dispose();
        stack.Dispose();
        foreach (var wait in waiting)
            Assert.ThrowsAsync<ObjectDisposedException>(() => wait.InTime());
        Assert.Throws<ObjectDisposedException>(() => stack.Bind(0, isUnrestricted: false));
        await endpoint.ReceiveAsync(default).AsTask().InTime().ContinueWith(late => Assert.That(late.Exception?.InnerException, Is.TypeOf<ObjectDisposedException>()),
            TaskScheduler.Default);
    }
}
