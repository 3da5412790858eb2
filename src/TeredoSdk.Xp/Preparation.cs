using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
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
    readonly Opening? _tcpPort, _program;

    public Preparation(IXpSystem system, XpTeredo teredo, XpTeredoOptions options, CancellationToken cancellation)
    {
        if (options.Server is not null)
            ServerName.Check(options.Server);
        if (options.UdpPort is not null && !options.OpenTeredoPort)
            throw new ArgumentException("UdpPort is set: expected OpenTeredoPort to be true as well.", nameof(options));
        if (options.OpenTeredoPort)
            _ = TeredoPort(options.UdpPort ?? 1, options); // checks the port and the name before anything else
        if (options.TcpPort is { } tcpPort)
            _tcpPort = new PortOpening(XpProtocol.Tcp, tcpPort, options.ExceptionName);
        if (options.ProgramPath is { } path)
            _program = new ProgramOpening(path, options.ExceptionName).Existing(system);
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
        var before = installs ? TeredoSettings.None : Shown();
        int? port = ChoosePort(before);
        string? server = before.IsClientOf(_options.Server) ? null : _options.Server;
        int? newPort = port == before.FixedPort ? null : port;
        bool enables = !before.IsClientOf(_options.Server) || newPort is not null;
        string enabling = Netsh.SetTeredo(before.IsClient ? before.Type : "client", server, newPort?.ToString(CultureInfo.InvariantCulture));

        Opening?[] openings = [port is null ? null : TeredoPort(port.Value, _options), _tcpPort, _program];
        var firewall = openings.All(opening => opening is null) ? null : new FirewallExceptions(_system);
        Opening[] missing = [.. openings.OfType<Opening>().Where(opening => !firewall!.IsOpen(opening))];

        List<XpConsentRequest> questions = [];
        if (installs)
            questions.Add(Consent.InstallIPv6());
        if (enables)
            questions.Add(Consent.EnableTeredo(before, enabling, server, newPort));
        questions.AddRange(missing.Select(opening => opening.Request));
        Consent.Ask(consent, questions);

        EnsureIPv6(installs);
        EnsureClient(enables, enabling, port);
        EnsureOpen(firewall, XpStepKind.TeredoPort, openings[0], missing, "The options leave Teredo's port as it is.");
        EnsureOpen(firewall, XpStepKind.TcpPort, _tcpPort, missing, "No TCP port was named.");
        EnsureOpen(firewall, XpStepKind.Program, _program, missing, "No program was named.");
        return Verify(hadAddress);
    }

    static PortOpening TeredoPort(int port, XpTeredoOptions options) => new PortOpening(XpProtocol.Udp, port, options.ExceptionName);

    // The client's UDP port; null leaves it as it is.
    int? ChoosePort(TeredoSettings before)
    {
        if (!_options.OpenTeredoPort)
            return null;
        if (_options.UdpPort is not { } port)
            return before.FixedPort ?? _system.ProposedUdpPort;
        if (port != before.FixedPort && !_system.IsUdpPortFree(port))
            throw new XpTeredoException(XpTeredoError.PortInUse,
                $"UDP port {port} is in use by another program: name another port for Teredo, or none, so that a free one is chosen.");
        return port;
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

    void EnsureClient(bool enables, string enabling, int? port)
    {
        if (enables)
            Change(enabling);
        var shown = Shown();
        if (!shown.IsClientOf(_options.Server))
            throw new XpTeredoException(XpTeredoError.TeredoNotEnabled,
                $"Teredo's type is still '{shown.Type}' and its server '{shown.Server}' after 'netsh {enabling}':"
                + " run it by hand as an administrator and read its output.");
        if (port is not null && shown.FixedPort != port)
            throw new XpTeredoException(XpTeredoError.PortNotFixed,
                $"The Teredo client's port is still '{shown.ClientPort}' after 'netsh {enabling}':"
                + " run it by hand as an administrator and read its output.");
        Add(XpStepKind.Teredo, enables, $"The type is {shown.Type}, the server {shown.Server}, the client's port {shown.ClientPort}.");
    }

    void EnsureOpen(FirewallExceptions? firewall, XpStepKind kind, Opening? opening, Opening[] missing, string notAsked)
    {
        if (opening is null)
        {
            _steps.Add(new XpStep(kind, XpStepOutcome.NotChecked, notAsked));
            return;
        }
        _cancellation.ThrowIfCancellationRequested();
        bool opens = missing.Contains(opening);
        if (opens)
            firewall!.Open(opening);
        Add(kind, opens, $"{opening.Subject} is open to all computers."
            + (firewall!.FirewallEnabled ? "" : " But the firewall is off: it blocks nothing, and Teredo may refuse to work without a firewall."));
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
