using System.Text.Json;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using TeredoSdk.Tests;

namespace TeredoSdk.Hosting.Tests;

/// <summary>A folder with the appsettings.json of an application, and the builder that reads it.</summary>
sealed class TestApp : IDisposable
{
    readonly string _folder = Directory.CreateTempSubdirectory("teredosdk-hosting").FullName;

    public TestApp(params (string Key, object Value)[] teredo)
    {
        File.WriteAllText(Path.Combine(_folder, "appsettings.json"),
            JsonSerializer.Serialize(new Dictionary<string, object> { ["Teredo"] = teredo.ToDictionary(pair => pair.Key, pair => pair.Value) }));
        Builder = Host.CreateEmptyApplicationBuilder(new() { ContentRootPath = _folder });
        Builder.Configuration.SetBasePath(_folder).AddJsonFile("appsettings.json");
        Builder.Logging.AddProvider(Log);
    }

    public HostApplicationBuilder Builder { get; }

    public LogRecorder Log { get; } = new();

    /// <summary>The options that reach the server of a laboratory, and others.</summary>
    public static TestApp On(Loopback lab, params (string Key, object Value)[] more) => new(
        [("Servers", new[] { $"{lab.Primary},{lab.Secondary}" }), ("AllowPrivateAddresses", true), .. more]);

    public void Dispose()
    {
        Log.Dispose();
        Directory.Delete(_folder, recursive: true);
    }
}
