using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using TeredoSdk.Protocol;

namespace TeredoSdk;

/// <summary>Makes the exceptions for options that are outside their range. Each names the option, its value and the expected values.</summary>
static class BadOption
{
    const int MaxInterfaceName = 15; // Linux: IFNAMSIZ less the terminating zero

    public static ArgumentException Of(string option, object? value, string expected) => new($"{option} is {value ?? "null"}; expected {expected}.", option);

    /// <exception cref="ArgumentException">The address is not an IPv4 address.</exception>
    public static IPv4Address RequireIPv4(IPAddress? address, string option) => address is { AddressFamily: AddressFamily.InterNetwork }
        ? IPv4Address.FromIPAddress(address)
        : throw Of(option, address, "an IPv4 address of this machine");

    /// <exception cref="ArgumentException">The port is outside its range.</exception>
    public static void RequirePort(int port, string option, bool allowAny)
    {
        if (port is < 0 or > ushort.MaxValue || (port == 0 && !allowAny))
            throw Of(option, port, allowAny ? "0 (any) or 1 to 65535" : "1 to 65535");
    }

    /// <exception cref="ArgumentException">The name is not valid for a network device.</exception>
    public static void RequireInterfaceName(string? name, string option)
    {
        if (string.IsNullOrEmpty(name) || Encoding.UTF8.GetByteCount(name) > MaxInterfaceName)
            throw Of(option, name is null ? null : $"'{name}'", $"the name of a network device, 1 to {MaxInterfaceName} octets");
    }

    /// <exception cref="ArgumentException">One of the services is null.</exception>
    public static void RequireServices(ILoggerFactory? loggerFactory, TimeProvider? timeProvider)
    {
        if (loggerFactory is null)
            throw Of("LoggerFactory", null, $"a logger factory such as {nameof(NullLoggerFactory)}.{nameof(NullLoggerFactory.Instance)}");
        RequireClock(timeProvider);
    }

    /// <exception cref="ArgumentException">The value is not one of the enumeration.</exception>
    public static void RequireDatapath(TeredoDatapath datapath, string option)
    {
        if (datapath is < TeredoDatapath.Auto or > TeredoDatapath.Sockets)
            throw Of(option, datapath, "Auto, Offload, Segments, Batches or Sockets");
    }

    public static void RequireClock(TimeProvider? timeProvider)
    {
        if (timeProvider is null)
            throw Of(nameof(TimeProvider), null, $"a clock such as {nameof(TimeProvider)}.{nameof(TimeProvider.System)}");
    }
}
