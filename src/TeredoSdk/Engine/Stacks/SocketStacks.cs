using TeredoSdk.Engine.Stacks.InProcess;
using TeredoSdk.Engine.Stacks.Kernel;
using TeredoSdk.Telemetry;

namespace TeredoSdk.Engine.Stacks;

/// <summary>A stack, and what was passed over on the way to it.</summary>
sealed record ChosenStack(ISocketStack Stack, IReadOnlyList<PassedOver> PassedOver);

/// <summary>Which stack an engine gets.</summary>
interface IStackChoice
{
    /// <summary>Makes the stack, while the server is being asked.</summary>
    /// <exception cref="TeredoException">The one that was asked for can't be had.</exception>
    Task<ChosenStack> MakeAsync(StackContext context);
}

/// <summary>Kernel sockets where they can be had, else sockets inside the process.</summary>
sealed class SocketStacks(TeredoSockets wanted) : IStackChoice
{
    public Task<ChosenStack> MakeAsync(StackContext context) => wanted == TeredoSockets.InProcess
        ? Task.FromResult(InProcess(context, $"{nameof(TeredoOptions)}.{nameof(TeredoOptions.Sockets)} is {nameof(TeredoSockets.InProcess)}."))
        : Task.Run(() => Make(context)); // it takes some system calls

    ChosenStack Make(in StackContext context)
    {
        try
        {
            return new(OperatingSystem.IsLinux() ? KernelStack.Open(context) : throw new TeredoException(TeredoError.KernelSocketsUnavailable,
                "Kernel sockets without privileges exist on Linux only."), []);
        }
        catch (TeredoException e) when (wanted == TeredoSockets.Auto)
        {
            Log.NoKernelSockets(context.Log, e.Message);
            return InProcess(context, e.Message) with { PassedOver = [new() { Way = "Kernel sockets", Reason = e.Message }] };
        }
    }

    static ChosenStack InProcess(in StackContext context, string noKernelSockets) => new(new InProcessStack(context, noKernelSockets), []);
}
