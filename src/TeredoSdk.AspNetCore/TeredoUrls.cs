using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;

namespace TeredoSdk.AspNetCore;

/// <summary>
/// Lets the section <c>Kestrel:Endpoints</c> name Teredo ports as <c>http://teredo:8080</c>.
/// </summary>
/// <remarks>
/// Kestrel takes any name of a host for "all addresses of this machine". The one form that it hands on untouched is the path of a Unix domain socket, so
/// it reads such a path instead, and <see cref="TeredoTransport"/> knows it again.
/// </remarks>
sealed class TeredoUrls : IConfigureOptions<KestrelServerOptions>, IPostConfigureOptions<KestrelServerOptions>
{
    const string Host = "teredo", Path = "/.teredosdk/";

    public void Configure(KestrelServerOptions options)
    {
        if (options.ConfigurationLoader?.Configuration is { } configuration && NamesTeredo(configuration))
            options.Configure(new Translated(configuration), reloadOnChange: true);
    }

    public void PostConfigure(string? name, KestrelServerOptions options)
    {
        if (options.ConfigurationLoader?.Configuration is { } configuration and not Translated && NamesTeredo(configuration))
        {
            throw new OptionsValidationException(Options.DefaultName, typeof(KestrelServerOptions), [
                "An endpoint of Kestrel's configuration is at the host 'teredo', but Kestrel's options got their configuration after Teredo was added, and "
                + "would listen at all addresses of this machine. Expected UseTeredo or AddTeredoKestrel after the call that gives the configuration."]);
        }
    }

    /// <summary>The Teredo end point that an end point of Kestrel's stands for, or null.</summary>
    public static TeredoEndPoint? Of(EndPoint endPoint) => endPoint as TeredoEndPoint ?? (endPoint is UnixDomainSocketEndPoint
        && $"{endPoint}" is var path && path.StartsWith(Path, StringComparison.Ordinal) && ushort.TryParse(path.AsSpan(Path.Length),
            NumberStyles.None, CultureInfo.InvariantCulture, out ushort port) ? new(port) : null);

    static bool NamesTeredo(IConfiguration configuration) =>
        configuration.GetSection("Endpoints").GetChildren().Any(endpoint => Translate(endpoint["Url"]) != endpoint["Url"]);

    static string? Translate(string? url) =>
        Uri.TryCreate(url, UriKind.Absolute, out var parsed) && string.Equals(parsed.Host, Host, StringComparison.OrdinalIgnoreCase)
            ? string.Create(CultureInfo.InvariantCulture, $"{parsed.Scheme}://unix:{Path}{parsed.Port}") : url;

    /// <summary>A configuration whose Teredo URLs are in the form that Kestrel hands on.</summary>
    class Translated(IConfiguration inner) : IConfiguration
    {
        public string? this[string key]
        {
            get => key.EndsWith("Url", StringComparison.OrdinalIgnoreCase) ? Translate(inner[key]) : inner[key];
            set => inner[key] = value;
        }

        public IEnumerable<IConfigurationSection> GetChildren() => inner.GetChildren().Select(child => new TranslatedSection(child));
        public IChangeToken GetReloadToken() => inner.GetReloadToken();
        public IConfigurationSection GetSection(string key) => new TranslatedSection(inner.GetSection(key));
    }

    sealed class TranslatedSection(IConfigurationSection inner) : Translated(inner), IConfigurationSection
    {
        public string Key => inner.Key;
        public string Path => inner.Path;

        public string? Value
        {
            get => Translate(inner.Value);
            set => inner.Value = value;
        }
    }
}
