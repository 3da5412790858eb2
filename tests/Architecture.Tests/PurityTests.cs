using System.Diagnostics;
using TeredoSdk.Protocol;

namespace TeredoSdk.Architecture.Tests;

/// <summary>The core reads no clock, starts no task, does no input or output, and references nothing but the base library.</summary>
public class PurityTests
{
    static readonly string[] AllowedAssemblies =
    [
        "System.Runtime", "System.Collections", "System.Collections.Concurrent", "System.Linq", "System.Memory", "System.Security.Cryptography", "System.Runtime.InteropServices",
        "System.Runtime.Intrinsics", "System.Numerics.Vectors", "System.Runtime.Extensions",
        "System.Threading", // Interlocked: the types below allow nothing else of it
        "System.Net.Primitives", // IPAddress and IPEndPoint: values, no sockets
    ];

    // Types of which not even one member may be touched. A trailing dot stands for a whole namespace.
    static readonly string[] ForbiddenTypes =
    [
        "System.TimeProvider", "System.Diagnostics.", "System.Threading.", "System.Timers.", "System.Random", "System.Console", "System.IO.",
        "System.Net.Sockets.Socket", "System.Net.Sockets.UdpClient", "System.Net.Dns", "System.Net.Http.", "System.Net.NetworkInformation.",
        "System.Runtime.InteropServices.DllImportAttribute", "System.Runtime.CompilerServices.AsyncTaskMethodBuilder", "Microsoft.",
    ];

    static readonly string[] ForbiddenMembers =
    [
        "System.DateTime.get_Now", "System.DateTime.get_UtcNow", "System.DateTime.get_Today", "System.DateTimeOffset.get_Now", "System.DateTimeOffset.get_UtcNow",
        "System.Environment.get_TickCount", "System.Environment.get_TickCount64", "System.Environment.GetEnvironmentVariable", "System.Guid.NewGuid",
    ];

    // What compilers and analysers leave behind without running anything, and one exception type the base library shares.
    static readonly string[] Harmless =
    [
        "System.Diagnostics.DebuggableAttribute", "System.Diagnostics.DebuggableAttribute.DebuggingModes", "System.Diagnostics.DebuggerBrowsableAttribute",
        "System.Diagnostics.DebuggerBrowsableState", "System.Diagnostics.DebuggerHiddenAttribute", "System.Diagnostics.UnreachableException",
        "System.Diagnostics.Debug", "System.Diagnostics.CodeAnalysis.", "System.Threading.Interlocked", "Microsoft.CodeAnalysis.EmbeddedAttribute",
    ];

    static readonly string Core = typeof(TeredoAddress).Assembly.Location, Impure = typeof(PurityTests).Assembly.Location;

    [Test]
    public void Core_ReferencesNothingButTheBaseLibrary() => Assert.That(AssemblyReferences.Of(Core).Assemblies, Is.SubsetOf(AllowedAssemblies));

    [Test]
    public void Core_ReadsNoClockStartsNoTaskAndDoesNoInputOrOutput() => Assert.That(Violations(Core), Is.Empty);

    [Test]
    public void Scan_FindsTheAssembliesOfAnImpureAssembly() =>
        Assert.That(AssemblyReferences.Of(Impure).Assemblies.Except(AllowedAssemblies), Does.Contain("nunit.framework"));

    [Test]
    public async Task Scan_FindsEachKindOfViolationInAnImpureAssembly()
    {
        await Impurities();
        Assert.That(Violations(Impure), Is.SupersetOf(new[]
        {
            "System.DateTime.get_UtcNow", "System.DateTimeOffset.get_Now", "System.Environment.get_TickCount64", "System.TimeProvider.get_System",
            "System.Diagnostics.Stopwatch.GetTimestamp", "System.Threading.Tasks.Task.get_CompletedTask", "System.Random.get_Shared", "System.Random..ctor",
            "System.Threading.Thread.get_CurrentThread", "System.Threading.ThreadPool.get_ThreadCount", "System.Threading.Tasks.TaskCompletionSource`1..ctor",
            "System.IO.File.Exists", "System.Console.get_Out", "System.Net.Sockets.Socket.get_OSSupportsIPv6", "System.Threading.Timer",
        }));
    }

    // One of each kind, so that the scan is shown to find it; none of them takes time.
    static async Task Impurities()
    {
        object?[] touched =
        [
            DateTime.UtcNow, DateTimeOffset.Now, Environment.TickCount64, TimeProvider.System, Stopwatch.GetTimestamp(), Random.Shared, new Random(1),
            Thread.CurrentThread, ThreadPool.ThreadCount, new TaskCompletionSource<int>(), File.Exists(Core), Console.Out,
            System.Net.Sockets.Socket.OSSupportsIPv6, typeof(Timer),
        ];
        Assert.That(touched, Has.No.Null);
        await Task.CompletedTask;
    }

    static IEnumerable<string> Violations(string path)
    {
        var references = AssemblyReferences.Of(path);
        return references.Types.Where(name => Matches(name, ForbiddenTypes))
            .Concat(references.Members.Where(name => Matches(name, ForbiddenTypes) || ForbiddenMembers.Contains(name)))
            .Where(name => !Matches(name, Harmless));
    }

    // The name itself, a member of it, or something in a namespace that ends with a dot.
    static bool Matches(string name, string[] patterns) => patterns.Any(pattern => name == pattern
        || name.StartsWith(pattern.EndsWith('.') ? pattern : pattern + ".", StringComparison.Ordinal)
        || name.StartsWith(pattern + "`", StringComparison.Ordinal));
}
