using System.Runtime.Versioning;
using TeredoSdk.Windows.Native.Com;
using TeredoSdk.Windows.Native.Netsh;

namespace TeredoSdk.Windows.Native.Firewall;

/// <summary>Calls the firewall on the COM thread, and turns failures into reasons and TeredoErrors.</summary>
[SupportedOSPlatform("windows")]
static class FirewallCalls
{
    /// <summary>A rule of that name is not there (winerror.h, INetFwRules.Item).</summary>
    public const int FileNotFound = unchecked((int)0x80070002);

    // winerror.h
    const int ClassNotRegistered = unchecked((int)0x80040154);
    const int ClassNotAvailable = unchecked((int)0x80040111);
    const int NotImplemented = unchecked((int)0x80004001);
    const int NoInterface = unchecked((int)0x80004002);
    const int AccessDenied = unchecked((int)0x80070005);
    const int InvalidArgument = unchecked((int)0x80070057);
    const int ServiceDisabled = unchecked((int)0x80070422);
    const int EndpointNotRegistered = unchecked((int)0x800706D9); // returned while the firewall service is stopped

    /// <summary>Reads something. When that fails, the result holds the reason.</summary>
    /// <param name="what">What is read, for example "the firewall's rules".</param>
    /// <param name="read">Reads it, on the COM thread.</param>
    public static Reading<T> Read<T>(string what, Func<T> read)
    {
        try
        {
            return Reading.Of(ComThread.Shared.Run(read));
        }
        catch (Exception failure) // COM's error codes come as exceptions of many types
        {
            return Reading.Unknown<T>($"{Capital(what)} can't be read: {Cause(failure)}.");
        }
    }

    /// <summary>Changes something.</summary>
    /// <param name="what">What is done, for example "add the rule 'Chat'".</param>
    /// <param name="write">Does it, on the COM thread.</param>
    /// <exception cref="TeredoException">The change failed; the error says how.</exception>
    public static void Write(string what, Action write)
    {
        try
        {
            ComThread.Shared.Run(write);
        }
        catch (Exception failure) when (failure is not TeredoException)
        {
            string sentence = $"The firewall did not {what}: {Cause(failure)}.";
            throw new TeredoException(Error(failure.HResult), sentence, failure) { HResult = failure.HResult };
        }
    }

    static TeredoError Error(int code) => code switch
    {
        AccessDenied => TeredoError.AccessDenied,
        EndpointNotRegistered or ServiceDisabled or ClassNotRegistered or ClassNotAvailable
            or NotImplemented or NoInterface => TeredoError.FirewallUnavailable,
        InvalidArgument or FileNotFound => TeredoError.InvalidFirewallRule,
        _ => TeredoError.SetupFailed,
    };

    static string Cause(Exception failure) => failure.HResult switch
    {
        AccessDenied => "this needs an administrator",
        EndpointNotRegistered or ServiceDisabled =>
            "the firewall's service (mpssvc) is off; start it from an elevated prompt with `net start mpssvc`"
            + $" (if it is disabled, `{TeredoCommands.Sc} config mpssvc start= auto` first)",
        ClassNotRegistered or ClassNotAvailable => "this system lacks that part of the Windows Firewall (its class is not registered)",
        NotImplemented or NoInterface => "this system's firewall does not have that function",
        FileNotFound => "the rule no longer exists, or the program does not exist",
        InvalidArgument => "it rejects a name, a path, a port or an address of the rule as not valid",
        _ => $"it answered 0x{failure.HResult:x8}, {failure.Message.TrimEnd('.', ' ', '\r', '\n')}",
    };

    static string Capital(string words) => char.ToUpperInvariant(words[0]) + words[1..];
}
