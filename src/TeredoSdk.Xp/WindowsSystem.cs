using System;
using System.Collections.Generic;
using System.ComponentModel;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using System.Threading;

namespace TeredoSdk.Xp;

/// <summary>The real machine.</summary>
sealed class WindowsSystem : IXpSystem
{
    static readonly TimeSpan NetshTimeout = TimeSpan.FromMinutes(2); // installing IPv6 takes a while on such old machines
    static readonly Stopwatch Clock = Stopwatch.StartNew();

    public bool RuntimeHasIPv6 => Socket.OSSupportsIPv6;

    public bool CanOpenIPv6Socket
    {
        get
        {
            try
            {
                using (new Socket(AddressFamily.InterNetworkV6, SocketType.Dgram, ProtocolType.Udp))
                    return true;
            }
            catch (SocketException)
            {
                return false;
            }
        }
    }

    public IEnumerable<IPAddress> Addresses => NetworkInterface.GetAllNetworkInterfaces()
        .SelectMany(adapter => adapter.GetIPProperties().UnicastAddresses).Select(unicast => unicast.Address);

    public int ProposedUdpPort
    {
        get
        {
            // Windows XP gives 1025 to 5000 to programs that ask for any port; these are the dynamic ports of RFC 6335 section 6.
            const int first = 49152;
            var random = new Random();
            int port = random.Next(first, ushort.MaxValue + 1);
            while (!IsUdpPortFree(port))
                port = random.Next(first, ushort.MaxValue + 1);
            return port;
        }
    }

    public TimeSpan Now => Clock.Elapsed;

    public bool IsUdpPortFree(int port)
    {
        try
        {
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { ExclusiveAddressUse = true };
            socket.Bind(new IPEndPoint(IPAddress.Any, port));
            return true;
        }
        catch (SocketException e) when (e.SocketErrorCode is SocketError.AddressAlreadyInUse or SocketError.AccessDenied)
        {
            return false;
        }
    }

    public bool FileExists(string path) => File.Exists(path);

    public void Wait(TimeSpan duration, CancellationToken cancellation) => cancellation.WaitHandle.WaitOne(duration);

    public string RunNetsh(string arguments)
    {
        try
        {
            using var process = new Process { StartInfo = StartOf(arguments) };
            return Run(process);
        }
        catch (Win32Exception e)
        {
            throw new XpTeredoException(XpTeredoError.NetshUnavailable,
                $"netsh can't be started ({e.Message}): it was expected in the system folder. Run 'netsh {arguments}' by hand as an administrator.", e);
        }
    }

    public object CreateComObject(string progId)
    {
        try
        {
            if (Type.GetTypeFromProgID(progId) is { } type)
                return Activator.CreateInstance(type);
            throw Missing(progId, null);
        }
        // A system without COM throws NotImplementedException.
        catch (Exception e) when (e is COMException or NotImplementedException)
        {
            throw Missing(progId, e);
        }
    }

    // Uses the full path, so that no netsh.exe of another folder runs with an administrator's rights.
    static ProcessStartInfo StartOf(string arguments) =>
        new(Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.System), "netsh.exe"), arguments)
        {
            UseShellExecute = false,
            CreateNoWindow = true,
            RedirectStandardOutput = true,
        };

    static string Run(Process process)
    {
        var output = new StringBuilder();
        process.OutputDataReceived += (_, line) => output.AppendLine(line.Data);
        process.Start();
        process.BeginOutputReadLine();
        if (!process.WaitForExit((int)NetshTimeout.TotalMilliseconds))
        {
            process.Kill();
            throw new XpTeredoException(XpTeredoError.NetshUnavailable,
                $"'netsh {process.StartInfo.Arguments}' did not end within {NetshTimeout.TotalMinutes:0} minutes and was killed:"
                + " run it by hand to see what it waits for.");
        }
        process.WaitForExit(); // without a time-out, this also waits for the rest of the output
        return output.ToString();
    }

    static XpTeredoException Missing(string progId, Exception? cause) => new(XpTeredoError.FirewallUnavailable,
        $"The firewall's object {progId} does not exist: it came with the service packs of Windows XP and Server 2003."
        + " Install the service pack, or make the exception in the firewall that is in use.", cause);
}
