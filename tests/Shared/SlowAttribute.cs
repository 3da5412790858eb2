namespace TeredoSdk.Tests.Shared;

/// <summary>A test that takes about a second or more: the inner loop (CONTRIBUTING.md) leaves it out.</summary>
[AttributeUsage(AttributeTargets.Assembly | AttributeTargets.Class | AttributeTargets.Method)]
sealed class SlowAttribute() : CategoryAttribute("Slow");
