using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using TeredoSdk.Engine.Stacks;
using TeredoSdk.Machine;
using TeredoSdk.Telemetry;
using TeredoSdk.Windows;
using TeredoSdk.Windows.Activation;
using TeredoSdk.Windows.Doctor;
using TeredoSdk.Windows.Firewall;

namespace TeredoSdk.Links.Windows;

/// <summary>A link to the address of Windows' Teredo, with ordinary sockets. It holds the address while opted-in sockets are open.</summary>
/// <remarks>The Windows Firewall and the sockets' protection levels decide which packets get in.</remarks>
sealed class WindowsLink : SystemLink, ITeredoLink
{
    const int PortAttempts = 4;

    readonly IWindowsSystem _windows;
    readonly WindowsStatus _status;
    readonly ProgramFirewall _firewall;
    readonly WindowsReportCache _reports;
    readonly QualificationHold _hold;
    IPAddress? _described;

    public WindowsLink(IWindowsSystem windows, TeredoOptions options, WindowsStatus status, ProgramFirewall firewall, WindowsReportCache reports,
        TeredoInterface found, IReadOnlyList<PassedOver> passedOver, ILogger log) : base(options, found, passedOver, log)
    {
        (_windows, _status, _firewall, _reports, _described) = (windows, status, firewall, reports, found.Address.ToIPAddress());
        _hold = new(windows, options.TimeProvider, CheckState, log);
        windows.Changed += Check;
        Check(); // the address may have changed since it was found
    }

    public override TeredoReport Report
    {
        get
        {
            var last = _reports.Last;
            var windows = last.Report with { Holds = _hold.Count, HeldSince = _hold.Since };
            var report = Describe(TeredoProvider.Windows, last.HasNativeIPv6);
            var nat = WindowsNat.Parse(windows.Nat);
            // Windows' part only notes what the firewall lacks for this program. It matters once a socket has opted in.
            var shut = report.Address is not null && report.UnrestrictedSockets > 0 ? last.Lacking : [];
            return report with
            {
                State = report.State == TeredoState.Offline ? WithoutAddress(windows.State) : report.State,
                Mapping = nat.Mapping,
                Filtering = nat.Filtering,
                NatName = nat.ClassicName,
                LocalEndPoint = windows.TeredoPort is > 0 and var port ? new(IPAddress.Any, port) : null,
                Findings =
                [
                    .. report.Findings,
                    .. shut,
                    .. windows.Findings.Where(finding => !shut.Any(other => (other.Id, other.Subject) == (finding.Id, finding.Subject))),
                ],
                Windows = windows,
            };
        }
    }

    public override async Task<TeredoReport> GetReportAsync(CancellationToken cancellationToken)
    {
        await PatientCall.RunAsync(() => Task.Run(Check, CancellationToken.None), Options.TimeProvider, cancellationToken).ConfigureAwait(false);
        await _reports.RefreshAsync(null, cancellationToken).ConfigureAwait(false);
        return Report;
    }

    public override Task<OpenListener> ListenStreamAsync(ushort port, IPProtectionLevel level, int backlog, CancellationToken cancellationToken) =>
        OpenAsync(new(FirewallProtocol.Tcp, PortOf(port)), level,
            chosen => new OpenListener(Sockets, new SocketListener(WindowsSockets.Listen(_windows, chosen, level, backlog)), level), cancellationToken);

    public override Task<OpenDatagrams> BindDatagramAsync(ushort port, IPProtectionLevel level, CancellationToken cancellationToken) =>
        OpenAsync(new(FirewallProtocol.Udp, PortOf(port)), level,
            chosen => new OpenDatagrams(Sockets, BindDatagrams(chosen, level), level), cancellationToken);

    public override Task<TeredoPingReply> PingAsync(IPAddress address, TimeSpan timeout, CancellationToken cancellationToken) =>
        OperatingSystem.IsWindows() ? WaitAsync(cancel => InterfacePing.SendBySystemAsync(address, timeout, cancel), cancellationToken)
        : throw new TeredoException(TeredoError.NotSupported, "This is a fake Windows, and only a real Windows sends Echo Requests. Use sockets "
            + "in such a test.");

    public Task<IPAddress[]> ResolveAsync(string host, CancellationToken cancellationToken) =>
        PeerNames.ResolveAsync(host, cancel => WindowsNames.QueryAsync(_windows, host, cancel), cancellationToken);

    public override async ValueTask DisposeAsync()
    {
        _windows.Changed -= Check;
        await base.DisposeAsync().ConfigureAwait(false);
        await _hold.DisposeAsync().ConfigureAwait(false);
        await _firewall.WhenRemovedAsync().ConfigureAwait(false);
    }

    /// <summary>Only connections from a Teredo address stop working; connections over native IPv6 do not depend on it.</summary>
    internal static bool IsVoidAddress(IPAddress local, IPAddress address) => local.IsIPv6Teredo && !LinkSockets.IsSame(local, address);

    protected override TeredoInterface? Find(out Finding? problem)
    {
        var found = WindowsSearch.Find(_windows, _status, out var unreadable);
        problem = found is null ? ClientFindings.Lost(_status.Switches, _status.Now, unreadable) : null;
        return found;
    }

    protected override async Task<Socket> ConnectAsync(IPEndPoint remoteEndPoint, CancellationToken cancellationToken)
    {
        await WakeAsync(cancellationToken).ConfigureAwait(false);
        Require();
        return await WindowsSockets.ConnectAsync(_windows, remoteEndPoint, cancellationToken).ConfigureAwait(false);
    }

    public override bool IsVoid(IPAddress local, IPAddress address) => IsVoidAddress(local, address);

    public override void HandleOpened(OpenSocket socket)
    {
        if (!socket.IsUnrestricted)
            return;
        _hold.Acquire();
        _firewall.HandleOpened(ListenPortOf(socket));
    }

    public override void HandleClosed(OpenSocket socket)
    {
        if (!socket.IsUnrestricted)
            return;
        _hold.Release();
        _firewall.HandleClosed(ListenPortOf(socket));
        _reports.RefreshSoon(withRules: true);
    }

    protected override void OnChecked(bool isUp, bool isOther)
    {
        _hold.Look(Address);
        _reports.RefreshSoon(withRules: false);
        var address = Address;
        if (Interlocked.Exchange(ref _described, address) is var before && !Equals(before, address))
            _ = DescribeAsync();
    }

    // Where netsh alone tells the client's state, it is run first: the state changes without a change of an address.
    void CheckState()
    {
        if (_status.IsToldByCim)
            Check();
        else
            _ = CheckAfterNetshAsync();
    }

    async Task CheckAfterNetshAsync()
    {
        try
        {
            await _status.ReadAsync(Stopping).ConfigureAwait(false);
            Check();
        }
        catch (OperationCanceledException)
        {
            // The link is being disposed.
        }
        catch (Exception e) // no caller waits for this task
        {
            Log.EngineFault(Logger, e);
        }
    }

    // The new address may mean that facts which only netsh tells have changed, too.
    async Task DescribeAsync()
    {
        try
        {
            await _status.ReadAsync(Stopping).ConfigureAwait(false);
            await _status.ReadSwitchesAsync(Stopping).ConfigureAwait(false);
            Check(); // uses the status that was just read
            await _reports.RefreshAsync(null, Stopping).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The link is being disposed.
        }
        catch (Exception e) // no caller waits for this task
        {
            Log.EngineFault(Logger, e);
        }
    }

    // A port that was chosen for a rule may be taken before its socket opens. Then another one is chosen.
    async Task<T> OpenAsync<T>(ListenPort wanted, IPProtectionLevel level, Func<ushort, T> make, CancellationToken cancellationToken)
        where T : OpenSocket
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (level != IPProtectionLevel.Unrestricted)
            return await OpenAsync(wanted, make, cancellationToken).ConfigureAwait(false);
        for (int attempts = 1; ; attempts++)
        {
            // Before the socket listens, because the filters look at the rules then.
            var admission = await _firewall.AdmitAsync(wanted, FindFreePort, cancellationToken).ConfigureAwait(false);
            try
            {
                var socket = await OpenAsync(admission.Port, make, cancellationToken).ConfigureAwait(false);
                await DescribeAsync(admission.View).ConfigureAwait(false);
                return socket;
            }
            catch (TeredoException e) when (admission.IsAdded && wanted.Port is null && e.Error == TeredoError.PortUnavailable && attempts < PortAttempts)
            {
                _firewall.HandleClosed(admission.Port);
            }
            catch when (admission.IsAdded)
            {
                _firewall.HandleClosed(admission.Port);
                throw;
            }
        }

        int FindFreePort() => WindowsSockets.FindFreePort(_windows, wanted.Protocol);
    }

    async Task<T> OpenAsync<T>(ListenPort port, Func<ushort, T> make, CancellationToken cancellationToken) where T : OpenSocket
    {
        await WakeAsync(cancellationToken).ConfigureAwait(false);
        Require();
        return Sockets.Add(make((ushort)(port.Port ?? 0)));
    }

    // The socket is open: its caller must get it, whatever Windows answers.
    async Task DescribeAsync(FirewallView view)
    {
        try
        {
            await _reports.RefreshAsync(view, CancellationToken.None).ConfigureAwait(false);
        }
        catch (TeredoException e)
        {
            Log.WindowsStep(Logger, e.Message);
        }
    }

    static int? PortOf(ushort port) => port == 0 ? null : port;

    static ListenPort ListenPortOf(OpenSocket socket) =>
        new(socket is OpenListener ? FirewallProtocol.Tcp : FirewallProtocol.Udp, socket.LocalEndPoint.Port);

    SocketEndpoint BindDatagrams(ushort port, IPProtectionLevel level) => new(WindowsSockets.BindDatagrams(_windows, port, level), static () => { });

    // Wakes a Teredo that went dormant while no socket held it.
    async Task WakeAsync(CancellationToken cancellationToken)
    {
        if (Current is not null)
            return;
        (await _status.ReadSwitchesAsync(cancellationToken).ConfigureAwait(false)).ThrowIfOff();
        var qualification = new WindowsQualification(_windows, _status, Options.TimeProvider, Options.QualificationTimeout);
        await WaitAsync(qualification.WaitAsync, cancellationToken).ConfigureAwait(false);
        Check();
    }

    static TeredoState WithoutAddress(TeredoClientState? state) => state switch
    {
        TeredoClientState.Dormant => TeredoState.Dormant,
        TeredoClientState.Probe => TeredoState.Qualifying,
        _ => TeredoState.Offline,
    };
}
