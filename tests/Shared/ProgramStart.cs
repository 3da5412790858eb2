using System.Diagnostics;

namespace TeredoSdk.Tests.Shared;

/// <summary>How tests start a program that they may signal.</summary>
static class ProgramStart
{
    /// <summary>
    /// Starts it with the default action for every signal. A program inherits what its starter ignores, and a script's background job ("dotnet test &amp;")
    /// ignores SIGINT: its programs would not end by Ctrl-C.
    /// </summary>
    /// <remarks>On Linux <c>env</c> does it and becomes the program, so the process keeps its id.</remarks>
    public static ProcessStartInfo Of(string program, IEnumerable<string> arguments) => OperatingSystem.IsLinux()
        ? new("env", ["--default-signal", program, .. arguments])
        : new(program, arguments);
}
