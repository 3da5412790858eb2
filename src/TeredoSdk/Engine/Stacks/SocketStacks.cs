using TeredoSdk.Engine.Stacks.InProcess;
using TeredoSdk.Engine.Stacks.Kernel;
using TeredoSdk.Telemetry;

namespace TeredoSdk.Engine.Stacks;

/// <summary>A stack, and the stacks that were passed over before it.</summary>
sealed record ChosenStack(ISocketStack Stack, IReadOnlyList<PassedOver> PassedOver);

/// <summary>Chooses the stack of an engine.</summary>
interface IStackChoice
{
    /// <summary>Makes the stack. This runs while the engine waits for the server.</summary>
    /// <exception cref="TeredoException">The required stack is not available.</exception>
    Task<ChosenStack> MakeAsync(StackContext context);
}

/// <summary>Chooses kernel sockets where they are available, and sockets inside the process elsewhere.</summary>
sealed class SocketStacks(TeredoSockets wanted) : IStackChoice
{
    public Task<ChosenStack> MakeAsync(StackContext context) => wanted == TeredoSockets.InProcess
        ? Task.FromResult(InProcess(context))
        : Task.Run(() => Make(context)); // the system calls take some time

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
            return InProcess(context) with { PassedOver = [new() { Way = "Kernel sockets", Finding = e.Finding }] };
        }
    }

    static ChosenStack InProcess(in StackContext context) => new(new InProcessStack(context), []);
}
