using System;
using System.Collections.Generic;
using System.Threading;

namespace TeredoSdk.Xp;

/// <summary>One run of <see cref="XpTeredo.Prepare"/>: it looks, asks, changes, and reads back.</summary>
sealed class Preparation
{
    // The IPv6 stack is loaded when netsh has ended, or soon after.
    static readonly TimeSpan InstallationTimeout = TimeSpan.FromSeconds(30);

    readonly IXpSystem _system;
    readonly XpTeredo _teredo;
    readonly XpTeredoOptions _options;
    readonly CancellationToken _cancellation;
    readonly List<XpStep> _steps = [];
    string _clientPort = "";

    public Preparation(IXpSystem system, XpTeredo teredo, XpTeredoOptions options, CancellationToken cancellation)
    {
        if (options.Server is not null)
            ServerName.Check(options.Server);
        if (options.UdpPort is { } port)
            XpTeredo.CheckPort(port, options.PortName);
        if (options.AddressTimeout < TimeSpan.Zero)
            throw new ArgumentException("AddressTimeout must be zero or more.", nameof(options));
        _system = system;
        _teredo = teredo;
        _options = options;
        _cancellation = cancellation;
    }

    public XpReport Run(Func<XpConsentRequest, bool>? consent)
    {
        bool hadAddress = _teredo.FindAddress() is not null;
        bool installs = !_system.CanOpenIPv6Socket;
        bool enables = installs || !Shown().IsClientOf(_options.Server);
        var firewall = _options.UdpPort is null ? null : new PortExceptions(_system);
        bool opens = firewall is not null && !firewall.IsOpen(_options.UdpPort!.Value, _options.PortName);
        Consent.Ask(consent, Questions(installs, enables, opens));

        EnsureIPv6(installs);
        EnsureClient(enables);
        EnsurePort(firewall, opens);
        return Verify(hadAddress);
    }

    List<XpConsentRequest> Questions(bool installs, bool enables, bool opens)
    {
        List<XpConsentRequest> questions = [];
        if (installs)
            questions.Add(Consent.InstallIPv6());
        if (enables)
            questions.Add(Consent.EnableTeredo(_options.Server));
        if (opens)
            questions.Add(Consent.OpenPort(_options.UdpPort!.Value, _options.PortName));
        return questions;
    }

    void EnsureIPv6(bool installs)
    {
        if (installs)
        {
            Change(Netsh.InstallIPv6);
            if (!_teredo.Becomes(() => _system.CanOpenIPv6Socket, InstallationTimeout, _cancellation))
                throw new XpTeredoException(XpTeredoError.IPv6NotInstalled,
                    $"IPv6 is still not installed after 'netsh {Netsh.InstallIPv6}':"
                    + " run it by hand as an administrator, read its output, and restart Windows if it asks for that.");
        }
        Add(XpStepKind.IPv6, installs, "An IPv6 socket can be made.");
    }

    void EnsureClient(bool enables)
    {
        if (enables)
            Change(Netsh.SetTeredoClient(_options.Server));
        var shown = Shown();
        _clientPort = shown.ClientPort;
        if (!shown.IsClientOf(_options.Server))
            throw new XpTeredoException(XpTeredoError.TeredoNotEnabled,
                $"Teredo's type is still '{shown.Type}' and its server '{shown.Server}' after 'netsh {Netsh.SetTeredoClient(_options.Server)}':"
                + " run it by hand as an administrator and read its output.");
        Add(XpStepKind.Teredo, enables, $"The type is {shown.Type}, the server {shown.Server}, the client's port {shown.ClientPort}.");
    }

    void EnsurePort(PortExceptions? firewall, bool opens)
    {
        if (firewall is null)
        {
            _steps.Add(new XpStep(XpStepKind.PortException, XpStepOutcome.NotChecked, "No port was named."));
            return;
        }
        _cancellation.ThrowIfCancellationRequested();
        if (opens)
            firewall.Open(_options.UdpPort!.Value, _options.PortName);
        Add(XpStepKind.PortException, opens, $"UDP port {_options.UdpPort} is open."
            + (firewall.FirewallEnabled ? "" : " But the firewall is off: it blocks nothing, and Teredo may refuse to work without a firewall.")
            + (_clientPort == $"{_options.UdpPort}" ? "" : $" But the Teredo client's port is '{_clientPort}': set it to this port"
                + $" with 'netsh {Netsh.CommandLine("interface", "ipv6", "set", "teredo", "client", $"clientport={_options.UdpPort}")}'."));
    }

    XpReport Verify(bool hadAddress)
    {
        if (!_system.RuntimeHasIPv6)
        {
            _steps.Add(new XpStep(XpStepKind.Address, XpStepOutcome.NotChecked,
                "IPv6 was installed after this process had started: restart the application."));
            return new XpReport(_steps, null, restartRequired: true);
        }
        var address = _teredo.WaitForAddress(_options.AddressTimeout, _cancellation);
        Add(XpStepKind.Address, !hadAddress, $"The address is {address}.");
        return new XpReport(_steps, address, restartRequired: false);
    }

    void Change(string arguments)
    {
        _cancellation.ThrowIfCancellationRequested();
        _system.RunNetsh(arguments);
    }

    TeredoSettings Shown() => Netsh.Parse(_system.RunNetsh(Netsh.ShowTeredo));

    void Add(XpStepKind kind, bool isChanged, string detail) =>
        _steps.Add(new XpStep(kind, isChanged ? XpStepOutcome.Changed : XpStepOutcome.AlreadySo, detail));
}
