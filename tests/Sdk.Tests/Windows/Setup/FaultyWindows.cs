using System.Reflection;
using TeredoSdk.Windows;

namespace TeredoSdk.Tests.Windows.Setup;

/// <summary>A Windows, some of whose calls fail. (A proxy, so that it passes on whatever the interfaces have.)</summary>
public class FaultyWindows : DispatchProxy
{
    object _real = null!;
    Func<string, Exception?> _fault = null!;

    /// <param name="windows">The system that does the work.</param>
    /// <param name="fault">Asked before each call by its name: what it throws instead, or null.</param>
    public static IWindowsSystem Of(IWindowsSystem windows, Func<string, Exception?> fault) => Make(windows, fault);

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
    {
        if (_fault(targetMethod!.Name) is { } exception)
            throw exception;
        object? result = targetMethod.Invoke(_real, BindingFlags.DoNotWrapExceptions, null, args, null);
        return result is IWindowsFirewall firewall ? Make(firewall, _fault) : result;
    }

    static T Make<T>(T real, Func<string, Exception?> fault) where T : class
    {
        var made = Create<T, FaultyWindows>();
        var proxy = (FaultyWindows)(object)made;
        (proxy._real, proxy._fault) = (real, fault);
        return made;
    }
}
