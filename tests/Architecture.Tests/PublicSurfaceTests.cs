using System.Reflection;
using TeredoSdk.AspNetCore;
using TeredoSdk.Protocol.Client;
using TeredoSdk.Testing;
using TeredoSdk.Windows;

namespace TeredoSdk.Architecture.Tests;

/// <summary>What a user of the packages can name, held as reviewed text beside this file.</summary>
/// <remarks>
/// <c>TEREDOSDK_ACCEPT=1 dotnet test tests/Architecture.Tests --filter PublicSurfaceTests</c> writes the files anew; the difference is then for review.
/// </remarks>
public class PublicSurfaceTests
{
    static readonly Assembly[] Assemblies =
        [typeof(TeredoClient).Assembly, typeof(TeredoReport).Assembly, typeof(WindowsSystem).Assembly, typeof(TeredoNode).Assembly,
            typeof(SimulatedInternet).Assembly, typeof(TeredoEndPoint).Assembly, Xp()];

    [TestCaseSource(nameof(Assemblies))]
    public void PublicSurface_IsTheReviewedOne(Assembly assembly)
    {
        string path = ReviewedFile(assembly);
        string actual = PublicSurface.Describe(assembly);
        if (Environment.GetEnvironmentVariable("TEREDOSDK_ACCEPT") == "1")
            File.WriteAllText(path, actual);

        string reviewed = File.Exists(path) ? File.ReadAllText(path).ReplaceLineEndings("\n") : "";
        Assert.That(actual, Is.EqualTo(reviewed), () => Difference(reviewed.Split('\n'), actual.Split('\n')));
    }

    [Test]
    public void Description_ShowsEachKindOfMember() => Assert.That(PublicSurface.Describe(typeof(Sample<>)), Is.EqualTo("""
        public abstract class PublicSurfaceTests.Sample<T> : ICloneable where T : struct, Enum
            protected Sample(ref int first, in T second, out string third)
            public const ushort Limit = 3
            public static readonly string? Name
            public int Count { get; init; }
            public int this[int index] { get; }
            protected string? Text { get; set; }
            public event EventHandler? Changed
            public object Clone()
            protected abstract string?[] Find<TKey>(List<TKey?> keys, ReadOnlySpan<byte> octets = default, T? wanted = null, params int[] rest) where TKey : class
            public override string ToString()
            public static implicit operator int(PublicSurfaceTests.Sample<T> sample)

        """.ReplaceLineEndings("\n")));

    // The line where the two part, and the next few of each.
    static string Difference(string[] reviewed, string[] actual)
    {
        int first = reviewed.Zip(actual).TakeWhile(pair => pair.First == pair.Second).Count();
        string Lines(string[] lines, char sign) => string.Concat(lines.Skip(first).Take(5).Select(line => $"\n{sign} {line}"));
        return $"The public surface differs from the reviewed file at line {first + 1}:{Lines(reviewed, '-')}{Lines(actual, '+')}\n"
            + "When the change is meant: TEREDOSDK_ACCEPT=1 dotnet test tests/Architecture.Tests --filter PublicSurfaceTests";
    }

    // Built for the .NET Framework 4.0, and readable here. These tests are in tests/Architecture.Tests/bin/CONFIGURATION/FRAMEWORK.
    static Assembly Xp() => Assembly.LoadFrom(Path.Combine(
        RepositoryRoot.Path, "src", "TeredoSdk.Xp", "bin", new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name, "net40", "TeredoSdk.Xp.dll"));

    static string ReviewedFile(Assembly assembly) =>
        Path.Combine(RepositoryRoot.Path, "tests", "Architecture.Tests", "PublicSurface", assembly.GetName().Name + ".txt");

    public abstract class Sample<T> : ICloneable
        where T : struct, Enum
    {
        public const ushort Limit = 3;
        public static readonly string? Name = typeof(T).FullName;

        protected Sample(ref int first, in T second, out string third) => third = $"{first}{second}{_hidden}";

        public event EventHandler? Changed;

        public int Count { get; init; }

        protected string? Text { get; set; }

        public int this[int index] => index;

        readonly int _hidden = 1;

        public static implicit operator int(Sample<T> sample) => sample.Count;

        public object Clone() => Changed ?? MemberwiseClone();

        public override string ToString() => Text ?? "";

        internal void Hide() => Text = null;

        protected abstract string?[] Find<TKey>(List<TKey?> keys, ReadOnlySpan<byte> octets = default, T? wanted = null, params int[] rest)
            where TKey : class;
    }
}
