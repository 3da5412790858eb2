using TeredoSdk.Engine.InProcess;
using TeredoSdk.Engine.Linux;

namespace TeredoSdk.Engine.Host;

/// <summary>A host, and what was passed over on the way to it.</summary>
sealed record ChosenHost(IEngineHost Host, IReadOnlyList<PassedOver> PassedOver);

/// <summary>Chooses the host: kernel sockets where they can be had, else the one inside the process.</summary>
static class EngineHosts
{
    /// <exception cref="TeredoException">Kernel sockets were asked for and can't be had.</exception>
    public static Task<ChosenHost> MakeAsync(TeredoSockets wanted, HostContext context, IReadOnlyList<PassedOver> passedOver) =>
        wanted == TeredoSockets.InProcess
            ? Task.FromResult<ChosenHost>(new(InProcess(context, $"{nameof(TeredoOptions)}.{nameof(TeredoOptions.Sockets)} is {nameof(TeredoSockets.InProcess)}."), passedOver))
            : Task.Run(() => Make(wanted, context, passedOver)); // it takes some system calls, while the server is being asked

    static ChosenHost Make(TeredoSockets wanted, in HostContext context, IReadOnlyList<PassedOver> passedOver)
    {
        try
        {
            return new(OperatingSystem.IsLinux() ? KernelHost.Open(context) : throw new TeredoException(TeredoError.KernelSocketsUnavailable,
                "Kernel sockets without privileges exist on Linux only."), passedOver);
        }
        catch (TeredoException e) when (wanted == TeredoSockets.Auto)
        {
            Log.NoKernelSockets(context.Log, e.Message);
            return new(InProcess(context, e.Message), [.. passedOver, new("Kernel sockets", e.Message)]);
        }
    }

    static InProcessHost InProcess(in HostContext context, string noKernelSockets) => new(context.Clock, context.Guard, noKernelSockets, context.Driver);
}
