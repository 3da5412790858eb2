using System.Runtime.Versioning;

[assembly: NonParallelizable]
[assembly: SupportedOSPlatform("windows")]

namespace TeredoSdk.Windows.Tests;

/// <summary>Tests on Wine as it is, which lacks most of what the SDK asks Windows for.</summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Method)]
sealed class BareAttribute : CategoryAttribute;

/// <summary>Tests on Wine with the native fakes of Windows' parts.</summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Method)]
sealed class FakesAttribute : CategoryAttribute;

/// <summary>Tests on Wine with native fakes that refuse: no rights, an old system, a service that is off, a group policy, one call.</summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Method)]
sealed class RefusingAttribute : CategoryAttribute;

/// <summary>Tests on Wine with native fakes and a Teredo server, on machines of which one thing is broken.</summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Method)]
sealed class BrokenAttribute : CategoryAttribute;

/// <summary>Tests on Wine with native fakes and a Teredo server, without the service that runs Windows' Teredo.</summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Method)]
sealed class UnservedAttribute : CategoryAttribute;

/// <summary>Tests on a real Windows, which a person asks for by this name.</summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Method)]
sealed class RealWindowsAttribute : CategoryAttribute;
