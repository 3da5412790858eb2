using TeredoSdk.Engine.Stacks.InProcess;
using TeredoSdk.Engine.Stacks.Kernel;
using TeredoSdk.Telemetry;

namespace TeredoSdk.Engine.Stacks;

/// <summary>A host, and what was passed over on the way to it.</summary>
sealed record ChosenStack(ISocketStack Host, IReadOnlyList<PassedOver> PassedOver);

/// <summary>Chooses the host: kernel sockets where they can be had, else the one inside the process.</summary>
static class SocketStacks
{
    /// <exception cref="TeredoException">Kernel sockets were asked for and can't be had.</exception>
    public static Task<ChosenStack> MakeAsync(TeredoSockets wanted, StackContext context, IReadOnlyList<PassedOver> passedOver) =>
        wanted == TeredoSockets.InProcess
            ? Task.FromResult<ChosenStack>(new(InProcess(context, $"{nameof(TeredoOptions)}.{nameof(TeredoOptions.Sockets)} is {nameof(TeredoSockets.InProcess)}."), passedOver))
            : Task.Run(() => Make(wanted, context, passedOver)); // it takes some system calls, while the server is being asked

    static ChosenStack Make(TeredoSockets wanted, in StackContext context, IReadOnlyList<PassedOver> passedOver)
    {
        try
        {
            return new(OperatingSystem.IsLinux() ? KernelStack.Open(context) : throw new TeredoException(TeredoError.KernelSocketsUnavailable,
                "Kernel sockets without privileges exist on Linux only."), passedOver);
        }
        catch (TeredoException e) when (wanted == TeredoSockets.Auto)
        {
            Log.NoKernelSockets(context.Log, e.Message);
            return new(InProcess(context, e.Message), [.. passedOver, new() { Way = "Kernel sockets", Reason = e.Message }]);
        }
    }

    static InProcessStack InProcess(in StackContext context, string noKernelSockets) => new(context.Clock, context.Guard, noKernelSockets, context.Driver);
}
