using FsCheck;
using FsCheck.Fluent;
using TeredoSdk.Fuzz;

namespace TeredoSdk.Protocol.Tests.Fuzz;

/// <summary>The short fuzz run; the long one is <c>dotnet run -c Release --project tests/Fuzz</c>.</summary>
public class ShortFuzzTests
{
    const int Seed = 20240607, Datagrams = 20_000;

    [Slow]
    [Test]
    public void Run_OverEveryOptionSet_FindsNothing([Values] FuzzRole role)
    {
        long growth = 0;
        for (int number = 0; number < ClientVariant.All.Count; number++)
        {
            var result = new FuzzRun(role, Seed, Datagrams / ClientVariant.All.Count) { FirstEpisode = number }.Run();
            Assert.That(result.Failure, Is.Null);
            growth = Math.Max(growth, result.PeakGrowth);
        }
        Assert.That(growth, Is.LessThan(16 << 20));
    }

    // A fuzzer whose datagrams all fail the first check would find nothing too.
    [TestCase(FuzzRole.Client, "Deliver", "Held", "Consumed", "Dropped, MappingMismatch", "Dropped, NonceMismatch", "Dropped, UnexpectedHeader")]
    [TestCase(FuzzRole.Server, "Consumed", "Dropped, SourceMismatch", "Dropped, OwnAddress", "Dropped, ServerPort", "Dropped, DestinationNotGlobal")]
    [TestCase(FuzzRole.Relay, "Deliver", "Consumed", "Dropped, SourceMismatch", "Dropped, NotServed", "Dropped, Untrusted")]
    public void Run_OfOneEpisode_ReachesTheDeepStates(FuzzRole role, params string[] outcomes)
    {
        var result = new FuzzRun(role, Seed, 4000).Run();
        Assert.That(result.Datagrams, Is.EqualTo(4000));
        Assert.That(result.Outcomes.Values.Sum(), Is.EqualTo(4000));
        foreach (string outcome in outcomes)
            Assert.That(result.Outcomes.GetValueOrDefault(outcome), Is.GreaterThan(5), outcome);
    }

    [Test]
    public void Run_WithTheSameSeed_IsTheSameRun()
    {
        var first = new FuzzRun(FuzzRole.Client, 5, 2000).Run();
        var second = new FuzzRun(FuzzRole.Client, 5, 2000).Run();
        Assert.That(second.Outcomes, Is.EquivalentTo(first.Outcomes));
    }

    // "No two answers for one datagram beyond the rules" and "table bounds hold": the oracles judge each step of whatever history.
    [Property(MaxTest = 60)]
    public Property Client_AnyHistory_KeepsToBudgetsAndTableBounds(int seed, PositiveInt steps) =>
        Histories(FuzzRole.Client, seed, steps.Get).ToProperty();

    [Property(MaxTest = 60)]
    public Property Relay_AnyHistory_KeepsToBudgetsAndTableBounds(int seed, PositiveInt steps) =>
        Histories(FuzzRole.Relay, seed, steps.Get).ToProperty();

    [Property(MaxTest = 60)]
    public Property Server_AnyHistory_AnswersEachDatagramAtMostOnce(int seed, PositiveInt steps) =>
        Histories(FuzzRole.Server, seed, steps.Get).ToProperty();

    [TestCase("--datagrams", "0")]
    [TestCase("--role", "router")]
    [TestCase("--role", "")]
    [TestCase("--fast")]
    public void Command_BadArgument_ExitsWith2(params string[] arguments)
    {
        using StringWriter output = new(), error = new();
        Assert.That(FuzzCommand.Run(arguments, output, error), Is.EqualTo(2));
        Assert.That(error.ToString(), Does.Contain(arguments[0]).And.Contains("--help"));
    }

    [Test]
    public void Command_SmallRun_ExitsWith0AndSaysHowFast()
    {
        using StringWriter output = new(), error = new();
        Assert.That(FuzzCommand.Run(["--datagrams", "600", "--seed", "1"], output, error), Is.Zero);
        Assert.That(output.ToString(), Does.Contain("600 datagrams in").And.Contains("per second: nothing found"));
    }

    static bool Histories(FuzzRole role, int seed, int steps)
    {
        var episode = FuzzRun.Create(role, seed, (int)((uint)seed % (uint)ClientVariant.All.Count));
        for (int i = 0; i < steps * 10; i++)
            episode.Step();
        return true;
    }
}
