using System.Net;
using TeredoSdk.Links.Windows;
using TeredoSdk.Testing;
using TeredoSdk.Windows;

namespace TeredoSdk.Tests.Windows.Provider;

/// <summary>A fake Windows with its Teredo switched on, in virtual time, and nodes over it.</summary>
sealed class WindowsMachine : IAsyncDisposable
{
    public const string Policy = @"SOFTWARE\Policies\Microsoft\Windows\TCPIP\v6Transition\";
    public const string DisabledComponents = @"SYSTEM\CurrentControlSet\Services\Tcpip6\Parameters\DisabledComponents";

    readonly List<TeredoNode> _nodes = [];

    public WindowsMachine(Version? version = null, TeredoType type = TeredoType.EnterpriseClient)
    {
        Windows = new(version);
        Windows.Teredo.Configuration = Windows.Teredo.Configuration with { Type = type };
        Options = new() { Provider = TeredoProvider.Windows, Windows = Windows, TimeProvider = Time };
    }

    public FakeWindows Windows { get; }

    public FakeTeredo Teredo => Windows.Teredo;

    public ManualTime Time { get; } = new();

    public TeredoOptions Options { get; }

    public IPAddress Address => Teredo.Address;

    /// <summary>What the person answers, and what was asked.</summary>
    public List<ConsentKind> Asked { get; } = [];

    public void AnswerConsent(bool answer) => Options.Consent = (request, _) =>
    {
        Asked.Add(request.Kind);
        return ValueTask.FromResult(answer);
    };

    public async Task<TeredoNode> StartAsync()
    {
        var node = await BeginStart().InTime();
        _nodes.Add(node);
        return node;
    }

    /// <summary>Starts a node that may have to wait for virtual time.</summary>
    public Task<TeredoNode> BeginStart() => TeredoNode.StartAsync(Options.Snapshot(), [new WindowsProvider(Windows)], default);

    /// <summary>The failure of a start, when the time is over that it may take.</summary>
    public async Task<TeredoException> FailAsync()
    {
        var start = BeginStart();
        Time.Advance(Options.QualificationTimeout);
        try
        {
            await (await start.InTime()).DisposeAsync();
        }
        catch (TeredoException e)
        {
            return e;
        }
        throw new AssertionException("The node started.");
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in _nodes)
            await node.DisposeAsync().InTime();
    }
}
