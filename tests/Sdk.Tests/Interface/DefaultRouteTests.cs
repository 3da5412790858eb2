namespace TeredoSdk.Tests.Interface;

/// <summary>Lines as a Linux kernel has them in /proc/net/ipv6_route.</summary>
public class DefaultRouteTests
{
    const string Any = "00000000000000000000000000000000", Router = "20010db8000600000000000000000020", Teredo = "20010000000000000000000000000000";

    [TestCase($"{Any} 00 {Any} 00 {Router} 00000400 00000001 00000000 00000003     eth6", true, TestName = "DefaultRoute_OverARouter_Counts")]
    [TestCase($"{Any} 00 {Any} 00 {Any} 00000400 00000001 00000000 00000001     eth6", true, TestName = "DefaultRoute_WithoutARouter_Counts")]
    [TestCase($"{Any} 00 {Any} 00 {Any} 00000405 00000001 00000000 00000001   teredo", false, TestName = "DefaultRoute_OfAnotherDevice_DoesNotCount")]
    [TestCase($"{Any} 00 {Any} 00 {Any} ffffffff 00000001 00000000 00200200     eth6", false, TestName = "DefaultRoute_ThatRejects_DoesNotCount")]
    [TestCase($"{Teredo} 20 {Any} 00 {Router} 00000400 00000001 00000000 00000003     eth6", false, TestName = "RouteToAPrefix_DoesNotCount")]
    public void DefaultRoute(string line, bool counts) => Assert.That(Machine.DefaultRoute.IsDefault(line, "eth6"), Is.EqualTo(counts));
}
