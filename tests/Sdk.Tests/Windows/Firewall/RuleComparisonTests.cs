using TeredoSdk.Windows;

namespace TeredoSdk.Tests.Windows.Firewall;

public class RuleComparisonTests
{
    static readonly FirewallRule Rule = new() { Name = "Chat", ProgramPath = @"C:\Chat.exe", LocalPorts = "80", Enabled = true };

    [Test]
    public void Rules_AreEqual_WhateverTheCaseOfNamesAndPaths()
    {
        var other = Rule with { Name = "CHAT", ProgramPath = @"c:\chat.EXE" };

        Assert.That(other, Is.EqualTo(Rule));
        Assert.That(other.GetHashCode(), Is.EqualTo(Rule.GetHashCode()));
    }

    [Test]
    public void Rules_AreEqual_WhenBothHoldOnAllProfilesThatExist() =>
        Assert.That(Rule with { Profiles = FirewallProfiles.Domain | FirewallProfiles.Private | FirewallProfiles.Public }, Is.EqualTo(Rule));

    // A member that a later version adds and the comparison forgets shows here.
    [Test]
    public void Rules_DifferInEveryMember()
    {
        foreach (var property in typeof(FirewallRule).GetProperties().Where(property => property.CanWrite))
        {
            var changed = Rule with { };
            property.SetValue(changed, Other(property.PropertyType));

            Assert.That(RuleComparison.Differences(Rule, changed), Has.Count.EqualTo(1).And.Some.StartsWith(property.Name));
            Assert.That(changed, Is.Not.EqualTo(Rule), property.Name);
        }
    }

    static object Other(Type type) =>
        type == typeof(string) ? "other"
        : type == typeof(bool) ? false
        : type == typeof(FirewallAction) ? FirewallAction.Block
        : type == typeof(FirewallProfiles) ? FirewallProfiles.Domain
        : type.IsEnum ? Enum.ToObject(type, 2)
        : 5;
}
