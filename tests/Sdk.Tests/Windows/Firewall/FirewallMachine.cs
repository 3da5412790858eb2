using TeredoSdk.Testing;
using TeredoSdk.Windows;

namespace TeredoSdk.Tests.Windows.Firewall;

/// <summary>A Windows with a program, and requests for it.</summary>
sealed class FirewallMachine
{
    public const string Program = @"C:\Program Files\Chat\Chat.exe";

    public FirewallMachine()
    {
        Windows.Files[Program] = true;
        Firewall = new(Windows);
    }

    public FakeWindows Windows { get; } = new();

    public TeredoFirewall Firewall { get; }

    public FirewallExceptionRequest Request { get; } = new() { Name = "Chat", ProgramPath = Program };

    public IReadOnlyList<FirewallRule> Rules => Windows.Firewall.Rules;

    /// <summary>A rule of somebody else that lets the program in.</summary>
    public FirewallRule Other { get; } = new()
    {
        Name = "Chat by hand",
        ProgramPath = Program,
        Protocol = FirewallProtocol.Tcp,
        EdgeTraversal = EdgeTraversal.Allow,
        Enabled = true,
    };

    public FirewallMachine With(params FirewallRule[] rules)
    {
        foreach (var rule in rules)
            Windows.Firewall.Plant(rule);
        return this;
    }

    /// <summary>A request for the program that asks for something else, too.</summary>
    public FirewallExceptionRequest RequestWith(Action<FirewallExceptionRequest> change)
    {
        var request = new FirewallExceptionRequest { Name = Request.Name, ProgramPath = Request.ProgramPath };
        change(request);
        return request;
    }

    public static void AssertError(TeredoError error, TestDelegate action, params string[] words)
    {
        var thrown = Assert.Throws<TeredoException>(action)!;
        Assert.Multiple(() =>
        {
            Assert.That(thrown.Error, Is.EqualTo(error));
            foreach (string word in words)
                Assert.That(thrown.Message, Does.Contain(word));
        });
    }
}
