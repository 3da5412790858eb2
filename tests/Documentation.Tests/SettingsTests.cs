using System.Text;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace TeredoSdk.Documentation.Tests;

/// <summary>Every block of JSON in README.md and docs is a configuration that an application starts with.</summary>
public sealed class SettingsTests
{
    static IEnumerable<Block> All => Blocks.InLanguage("json");

    [TestCaseSource(nameof(All))]
    public void Settings_AreTaken(object block)
    {
        var settings = new ConfigurationBuilder().AddJsonStream(new MemoryStream(Encoding.UTF8.GetBytes(((Block)block).Text))).Build();
        using var services = new ServiceCollection().AddSingleton<IConfiguration>(settings).AddTeredo().BuildServiceProvider();
        Assert.That(services.GetRequiredService<IOptions<TeredoOptions>>().Value.Servers, Is.Not.Empty);
        Assert.That(services.GetRequiredService<IOptions<TeredoHostingOptions>>().Value.StartWithHost,
            Is.EqualTo(((Block)block).Text.Contains("StartWithHost", StringComparison.Ordinal)));
    }
}
