namespace TeredoSdk.Tests.Shared;

/// <summary>How long tests wait for what must happen. These limits end hangs: no verdict is meant to depend on them, on no machine.</summary>
static class Patience
{
    /// <summary>For an answer, a line, a program's end: a hundred times what it takes on a quiet machine.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    /// <summary>For what takes many seconds anyway: a publish, a suite, a large transfer.</summary>
    public static readonly TimeSpan LongLimit = TimeSpan.FromMinutes(10);
}
