using Microsoft.Extensions.Logging;
using TeredoSdk.Engine.InProcess;
using TeredoSdk.Engine.Linux;

namespace TeredoSdk.Engine.Host;

/// <summary>Chooses the host: kernel sockets where they can be had, else the one inside the process.</summary>
static class EngineHosts
{
    /// <returns>The host, and what was passed over, this choice included.</returns>
    /// <exception cref="TeredoException">Kernel sockets were asked for and can't be had.</exception>
    public static (IEngineHost Host, IReadOnlyList<PassedOver> PassedOver) Make(TeredoSockets wanted, in HostContext context,
        IReadOnlyList<PassedOver> passedOver, ILogger log)
    {
        if (wanted == TeredoSockets.InProcess)
            return (InProcess(context, $"{nameof(TeredoOptions)}.{nameof(TeredoOptions.Sockets)} is {nameof(TeredoSockets.InProcess)}."), passedOver);
        try
        {
            return OperatingSystem.IsLinux() ? (KernelHost.Open(context), passedOver) : throw new TeredoException(TeredoError.KernelSocketsUnavailable,
                "Kernel sockets without privileges exist on Linux only.");
        }
        catch (TeredoException e) when (wanted == TeredoSockets.Auto && e.Error == TeredoError.KernelSocketsUnavailable)
        {
            Log.NoKernelSockets(log, e.Message);
            return (InProcess(context, e.Message), [.. passedOver, new("Kernel sockets", e.Message)]);
        }
    }

    static InProcessHost InProcess(in HostContext context, string noKernelSockets) => new(context.Clock, context.Guard, noKernelSockets, context.Driver);
}
