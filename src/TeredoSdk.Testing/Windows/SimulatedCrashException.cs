using System.Diagnostics.CodeAnalysis;

namespace TeredoSdk.Testing;

/// <summary>The program ends in the middle of a call, as <see cref="FakeWindows.CrashAt"/> planned. Only the test catches it.</summary>
[Experimental("TEREDO001")]
public sealed class SimulatedCrashException : Exception
{
    internal SimulatedCrashException() : base("The program ends here: the fake Windows was told so.")
    {
    }
}
