using System.Globalization;
using System.Security.Cryptography;
using System.Text.RegularExpressions;
using FsCheck;
using Microsoft.FSharp.Core;
using NUnit.Framework.Interfaces;
using NUnit.Framework.Internal;
using NUnit.Framework.Internal.Commands;

namespace TeredoSdk.Protocol.Tests;

/// <summary>
/// Where the random cases of property tests come from: a fixed seed, so that a run says something about the change and not about its luck. The variable
/// TEREDOSDK_SEED names another one: <c>random</c>, a number, or what a failure printed. <c>tests/Repetition --random-seeds</c> tries many.
/// </summary>
static partial class PropertySeed
{
    public const string Variable = "TEREDOSDK_SEED";

    const ulong Fixed = 4380;

    static readonly string[] Ends = ["Shrunk:", "with exception:", "at ", "---"];

    /// <summary>The seed, as FsCheck writes it: two numbers, and the size of the case if only one case is meant.</summary>
    public static string Numbers { get; } = Parse(Environment.GetEnvironmentVariable(Variable));

    /// <summary>Reads the variable.</summary>
    /// <exception cref="FormatException">It is none of what it can be.</exception>
    public static string Parse(string? text) => text?.Trim() switch
    {
        null or "" => Of(Fixed),
        "random" => Of(BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(8))),
        var word when ulong.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out ulong number) => Of(number),
        var word when SeedText().IsMatch(word) => word.Trim('(', ')'),
        var word => throw new FormatException($"{Variable} is '{word}'; expected random, a number, or the two or three numbers that a failure printed."),
    };

    /// <summary>Checks a property, and says in one line what falsifies it.</summary>
    public static void Check(Property property, int maxTest = 100, int endSize = 100)
    {
        string[] numbers = Numbers.Split(',');
        ulong seed = ulong.Parse(numbers[0], CultureInfo.InvariantCulture), gamma = ulong.Parse(numbers[1], CultureInfo.InvariantCulture);
        var config = Config.QuickThrowOnFailure.WithMaxTest(maxTest).WithEndSize(endSize);
        var size = numbers.Length > 2 ? FSharpOption<int>.Some(int.Parse(numbers[2], CultureInfo.InvariantCulture)) : FSharpOption<int>.None;
        config = config.WithReplay(FSharpOption<Replay>.Some(new(new(seed, gamma), size)));
        if (FindFailure(config, property) is { } failure)
            Assert.Fail(InOneLine(failure.Message));
    }

    /// <summary>What FsCheck says of a failure, on one line: how to see it again, the smallest case, and what it does.</summary>
    public static string InOneLine(string report)
    {
        if (Step().Match(report) is not { Success: true } step)
            return report;
        string replay = $"{Variable}={step.Groups["seed"]},{step.Groups["gamma"]},{step.Groups["size"]}";
        string[] lines = report.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        string Behind(string head) => string.Join(' ', lines.SkipWhile(line => line != head).Skip(1).TakeWhile(line => !Ends.Any(line.StartsWith)));
        string smallest = Behind("Shrunk:") is { Length: > 0 } shrunk ? shrunk : Behind("Original:");
        string exception = Behind("with exception:").Replace("NUnit.Framework.AssertionException: ", "", StringComparison.Ordinal)
            .Replace("Multiple failures or warnings in test: 1) ", "", StringComparison.Ordinal);
        return $"Falsified by {smallest}: {exception} See it again with {replay}";
    }

    // NUnit notes each assertion that fails, also those of the way to the smallest case; here it shall note one.
    static Exception? FindFailure(Config config, Property property)
    {
        using (new TestExecutionContext.IsolatedContext())
        {
            try
            {
                FsCheck.Check.One(config, property);
                return null;
            }
            catch (Exception e)
            {
                return e;
            }
        }
    }

    // Gammas are odd; any other part of the seed does.
    static string Of(ulong number) => string.Create(CultureInfo.InvariantCulture, $"{number},{unchecked(number * 0x9E3779B97F4A7C15) | 1}");

    [GeneratedRegex(@"^\(?\d+,\d+(,\d+)?\)?$")]
    private static partial Regex SeedText();

    [GeneratedRegex(@"size of (?<size>\d+) and seed of \((?<seed>\d+),(?<gamma>\d+)\)")]
    private static partial Regex Step();
}

/// <summary>A property that FsCheck tries with the cases of <see cref="PropertySeed"/>.</summary>
[AttributeUsage(AttributeTargets.Method)]
sealed class PropertyAttribute : FsCheck.NUnit.PropertyAttribute, IWrapSetUpTearDown
{
    public PropertyAttribute()
    {
        Replay = PropertySeed.Numbers;
        QuietOnSuccess = true;
    }

    // FsCheck's attribute has the same interface, so its own command has to be made by an instance of it.
    public TestCommand Wrap(TestCommand command) => new ShortCommand(((ICommandWrapper)new FsCheck.NUnit.PropertyAttribute
    {
        Replay = Replay,
        QuietOnSuccess = QuietOnSuccess,
        MaxTest = MaxTest,
    }).Wrap(command));

    sealed class ShortCommand(TestCommand inner) : DelegatingTestCommand(inner)
    {
        public override NUnit.Framework.Internal.TestResult Execute(TestExecutionContext context)
        {
            var result = innerCommand.Execute(context);
            if (result.ResultState.Status == TestStatus.Failed)
                result.SetResult(result.ResultState, PropertySeed.InOneLine(result.Message));
            return result;
        }
    }
}
