using NUnit.Framework.Interfaces;
using NUnit.Framework.Internal;

namespace TeredoSdk.Tests.Shared;

/// <summary>Names the rows of the conformance checklist that a test shows.</summary>
[AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
sealed class ConformanceAttribute(params string[] ids) : NUnitAttribute, IApplyToTest
{
    public IReadOnlyList<string> Ids => ids;

    // As a property the id can be filtered by: dotnet test --filter "Conformance=C-012".
    public void ApplyToTest(Test test)
    {
        foreach (string id in ids)
            test.Properties.Add("Conformance", id);
    }
}
