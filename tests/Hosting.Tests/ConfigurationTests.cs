using System.Reflection;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using TeredoSdk.Protocol.Client;
using TeredoSdk.Protocol.Wire;
using TeredoSdk.Tests;

namespace TeredoSdk.Hosting.Tests;

/// <summary>Options from the configuration: what can be written, and what is said about the rest.</summary>
public sealed class ConfigurationTests
{
    [TestCase("RefreshInterval", "00:00:01", "Teredo:RefreshInterval is 00:00:01; expected 5 seconds to 10 minutes.")]
    [TestCase("RefreshInterval", "30", "Teredo:RefreshInterval is '30'; expected hours, minutes and seconds such as 00:00:30.")]
    [TestCase("ClientPort", 70000, "Teredo:ClientPort is 70000; expected 0 (any) or 1 to 65535.")]
    [TestCase("ClientPort", "many", "Teredo:ClientPort is 'many'; expected a whole number.")]
    [TestCase("Provider", "Embeded", "Teredo:Provider is 'Embeded'; expected Auto, Windows, Interface or Embedded.")]
    [TestCase("Provider", "2", "Teredo:Provider is '2'; expected Auto, Windows, Interface or Embedded.")]
    [TestCase("RequireSecondary", "yes", "Teredo:RequireSecondary is 'yes'; expected true or false.")]
    [TestCase("Servers", "a,b,c", "Teredo:Servers is 'a,b,c'; expected host or host,secondary")]
    [TestCase("Server", "192.0.2.1", "Teredo:Server is not an option; expected one of Servers, Provider,")]
    [TestCase("Secret", "word", "Teredo:Secret is 'word'; expected a section.")]
    public void WrongOption_StopsTheHostAtStart_WithItsPath(string option, object value, string sentence)
    {
        using var app = new TestApp((option, value));
        app.Builder.Services.AddTeredo();
        using var host = app.Builder.Build();
        var e = Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync().InTime())!;
        Assert.That(e.Message, Does.StartWith(sentence));
    }

    [Test]
    public void EveryOption_ButThoseOfCode_CanBeWritten()
    {
        string[] ofCode = [nameof(TeredoOptions.LoggerFactory), nameof(TeredoOptions.TimeProvider), nameof(TeredoOptions.Consent), nameof(TeredoOptions.Windows)];
        using var app = new TestApp(("Stray", "x"));
        app.Builder.Services.AddTeredo();
        using var host = app.Builder.Build();
        var e = Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync().InTime())!;
        string[] known = e.Failures.Single().TrimEnd('.').Split("expected one of ")[1].Split(", ");
        var options = typeof(TeredoOptions).GetProperties(BindingFlags.Public | BindingFlags.Instance).Select(property => property.Name);
        Assert.That(known, Is.SupersetOf(options.Except(ofCode)));
        Assert.That(known.Intersect(ofCode), Is.Empty);
    }

    [Test]
    public void Application_WaitsForANetwork_UnlessItSaysOtherwise()
    {
        using TestApp silent = new(), written = new((nameof(TeredoOptions.WaitForNetwork), false)), coded = new();
        silent.Builder.Services.AddTeredo();
        written.Builder.Services.AddTeredo();
        coded.Builder.Services.AddTeredo(options => options.WaitForNetwork = false);
        Assert.That(new[] { silent, written, coded }.Select(app =>
        {
            using var host = app.Builder.Build();
            return host.Services.GetRequiredService<IOptions<TeredoOptions>>().Value.WaitForNetwork;
        }), Is.EqualTo(new[] { true, false, false }));
        Assert.That(new TeredoOptions().WaitForNetwork, Is.False);
    }

    [Test]
    public void WrongOptions_AreAllNamedAtOnce()
    {
        using var app = new TestApp(("Sockets", "kernels"), ("Secret", new { Algorithm = "SHA1", Key = "x" }));
        app.Builder.Services.AddTeredo();
        using var host = app.Builder.Build();
        var e = Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync().InTime())!;
        Assert.That(e.Failures, Is.EqualTo(new[]
        {
            "Teredo:Sockets is 'kernels'; expected Auto, Kernel or InProcess.",
            $"Teredo:Secret:Algorithm is 'SHA1'; expected {Names<AuthenticationAlgorithm>()}.",
            "Teredo:Secret:Key is not an option; expected one of ClientIdentifier, Secret, Algorithm.",
        }));
    }

    [Test]
    public void WrongOptionOfCode_IsNamedWithoutAPath()
    {
        using var app = new TestApp();
        app.Builder.Services.AddTeredo(options => options.ClientPort = -1);
        using var host = app.Builder.Build();
        var e = Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync().InTime())!;
        Assert.That(e.Message, Is.EqualTo("TeredoOptions.ClientPort is -1; expected 0 (any) or 1 to 65535."));
    }

    [Test]
    public void EveryOption_CanBeConfigured()
    {
        var options = Read(new()
        {
            ["Net:T:Servers:0"] = "teredo.example.net",
            ["Net:T:Servers:1"] = "192.0.2.1,192.0.2.2",
            ["Net:T:Provider"] = "embedded",
            ["Net:T:Sockets"] = "InProcess",
            ["Net:T:Secret:ClientIdentifier"] = "me",
            ["Net:T:Secret:Secret"] = "hush",
            ["Net:T:Secret:Algorithm"] = "HmacSha256",
            ["Net:T:ClientPort"] = "4000",
            ["Net:T:RefreshInterval"] = "00:00:20",
            ["Net:T:Extensions"] = "SymmetricNatSupport, Hairpinning",
            ["Net:T:AllowPrivateAddresses"] = "true",
            ["Net:T:RequireSecondary"] = "True",
            ["Net:T:QualificationTimeout"] = "00:01:00",
            ["Net:T:ConnectTimeout"] = "00:00:05",
            ["Net:T:DormancyTimeout"] = "1.00:00:00",
            ["Net:T:NativeIPv6"] = "Beside",
            ["Net:T:Datapath"] = "batches",
            ["Net:T:StartWithHost"] = "true",
        }, out var hosting);
        Assert.Multiple(() =>
        {
            Assert.That(options.Servers, Is.EqualTo(new[] { "teredo.example.net", "192.0.2.1,192.0.2.2" }));
            Assert.That(options.Provider, Is.EqualTo(TeredoProvider.Embedded));
            Assert.That(options.Sockets, Is.EqualTo(TeredoSockets.InProcess));
            Assert.That(options.Secret!.ClientIdentifier.ToArray(), Is.EqualTo("me"u8.ToArray()));
            Assert.That(options.Secret!.Secret.ToArray(), Is.EqualTo("hush"u8.ToArray()));
            Assert.That(options.Secret!.Algorithm, Is.EqualTo(AuthenticationAlgorithm.HmacSha256));
            Assert.That(options.ClientPort, Is.EqualTo(4000));
            Assert.That(options.RefreshInterval, Is.EqualTo(TimeSpan.FromSeconds(20)));
            Assert.That(options.Extensions, Is.EqualTo(TeredoExtensions.SymmetricNatSupport | TeredoExtensions.Hairpinning));
            Assert.That(options.AllowPrivateAddresses);
            Assert.That(options.RequireSecondary);
            Assert.That(options.QualificationTimeout, Is.EqualTo(TimeSpan.FromMinutes(1)));
            Assert.That(options.ConnectTimeout, Is.EqualTo(TimeSpan.FromSeconds(5)));
            Assert.That(options.DormancyTimeout, Is.EqualTo(TimeSpan.FromDays(1)));
            Assert.That(options.NativeIPv6, Is.EqualTo(NativeIPv6Mode.Beside));
            Assert.That(options.Datapath, Is.EqualTo(TeredoDatapath.Batches));
            Assert.That(hosting.StartWithHost);
        });
    }

    [Test]
    public void Servers_AsOneText_AreSeparatedBySemicolons() =>
        Assert.That(Read(new() { ["Net:T:Servers"] = "teredo.example.org; teredo.example.net" }, out _).Servers,
            Is.EqualTo(new[] { "teredo.example.org", "teredo.example.net" }));

    [Test]
    public void NoSection_LeavesTheDefaults()
    {
        Assert.That(Read([], out var hosting).RefreshInterval, Is.EqualTo(new TeredoOptions().RefreshInterval));
        Assert.That(hosting.StartWithHost, Is.False);
    }

    // From a section of its own, with everything in it.
    static TeredoOptions Read(Dictionary<string, string?> values, out TeredoHostingOptions hosting)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(values).Build();
        using var services = new ServiceCollection().AddTeredo(configuration.GetSection("Net:T")).BuildServiceProvider();
        hosting = services.GetRequiredService<IOptions<TeredoHostingOptions>>().Value;
        return services.GetRequiredService<IOptions<TeredoOptions>>().Value;
    }

    static string Names<T>() where T : struct, Enum =>
        string.Join(", ", Enum.GetNames<T>().SkipLast(1)) + " or " + Enum.GetNames<T>()[^1];
}
