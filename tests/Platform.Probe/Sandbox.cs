using System.Runtime.InteropServices;

namespace TeredoSdk.Platform.Probe;

/// <summary>Becomes another program in a sandbox that refuses sockets of one address family, as systemd's RestrictAddressFamilies does.</summary>
static unsafe partial class Sandbox
{
    const int NoNewPrivileges = 38, SetSeccomp = 22, FilterMode = 2; // linux/prctl.h, linux/seccomp.h
    const ushort Load = 0x20, JumpIfEqual = 0x15, Return = 0x06;     // linux/bpf_common.h
    const uint Allow = 0x7FFF0000, Refuse = 0x00050000 | 97;         // SECCOMP_RET_ALLOW, SECCOMP_RET_ERRNO with EAFNOSUPPORT
    const uint CallNumber = 0, FirstArgument = 16;                   // struct seccomp_data

    public static int Run(uint family, string[] command)
    {
        uint socket = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 198u : 41u;
        var rules = stackalloc Rule[]
        {
            new(Load, 0, 0, CallNumber), new(JumpIfEqual, 0, 2, socket), new(Load, 0, 0, FirstArgument), new(JumpIfEqual, 1, 0, family),
            new(Return, 0, 0, Allow), new(Return, 0, 0, Refuse),
        };
        var filter = new Filter { Count = 6, Rules = rules };
        if (Control(NoNewPrivileges, 1, null) != 0 || Control(SetSeccomp, FilterMode, &filter) != 0)
            return Fail("prctl");
        var arguments = (byte**)NativeMemory.AllocZeroed((nuint)command.Length + 1, (nuint)sizeof(byte*));
        for (int i = 0; i < command.Length; i++)
            arguments[i] = (byte*)Marshal.StringToCoTaskMemUTF8(command[i]);
        Execute(arguments[0], arguments);
        return Fail("execv");
    }

    static int Fail(string call)
    {
        Console.Error.WriteLine($"{call}: {Marshal.GetLastPInvokeErrorMessage()}");
        return 9;
    }

    [LibraryImport("libc", EntryPoint = "prctl", SetLastError = true)]
    private static partial int Control(int option, nint value, void* more, nint unused = 0, nint unusedToo = 0);

    [LibraryImport("libc", EntryPoint = "execv", SetLastError = true)]
    private static partial int Execute(byte* program, byte** arguments);

    [StructLayout(LayoutKind.Sequential)]
    readonly struct Rule(ushort code, byte ifTrue, byte ifFalse, uint value)
    {
        readonly ushort _code = code;
        readonly byte _ifTrue = ifTrue, _ifFalse = ifFalse;
        readonly uint _value = value;
    }

    [StructLayout(LayoutKind.Sequential)]
    struct Filter
    {
        public ushort Count;
        public Rule* Rules;
    }
}
