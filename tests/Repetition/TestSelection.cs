using NUnit.Framework.Interfaces;
using NUnit.Framework.Internal;

namespace TeredoSdk.Repetition;

/// <summary>Chooses single tests of an assembly for a run inside this process, of which none that is explicit.</summary>
sealed class TestSelection(Func<ITest, bool> selects) : TestFilter
{
    /// <summary>Whether a test, or what it belongs to, has the category Slow.</summary>
    public static bool IsSlow(ITest test)
    {
        for (ITest? at = test; at is not null; at = at.Parent)
            if (at.Properties["Category"].Contains("Slow"))
                return true;
        return false;
    }

    public override bool Match(ITest test) => !test.IsSuite && test.RunState != RunState.Explicit && selects(test);

    public override bool Pass(ITest test, bool negated) => test.IsSuite ? test.RunState != RunState.Explicit && test.Tests.Any(Pass) : Match(test);

    public override bool IsExplicitMatch(ITest test) => false;

    public override TNode AddToXml(TNode parentNode, bool recursive) => parentNode.AddElement("filter");
}
