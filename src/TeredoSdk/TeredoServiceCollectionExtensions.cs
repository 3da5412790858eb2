using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using TeredoSdk;
using TeredoSdk.Hosting;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds Teredo to an application with dependency injection.</summary>
/// <remarks>
/// <para>
/// The methods add <see cref="ITeredoSocketFactory"/> as a singleton, and a hosted service that stops its node when the host has stopped. The node
/// uses the container's logger factory and <see cref="TimeProvider"/>, unless the options name others. A second call changes nothing but the options.
/// </para>
/// <para>
/// The keys of the configuration are the names in <see cref="TeredoOptions"/> and <see cref="TeredoHostingOptions"/>. Times are written as hours,
/// minutes and seconds, enumerations by name, the servers as a list or as one text with semicolons, and the two parts of a secret as text, which is
/// encoded as UTF-8. When a value can't be read or is outside its range, or when a key is not an option, the host does not start: the
/// <see cref="OptionsValidationException"/> names the path and the expected values.
/// </para>
/// </remarks>
/// <example>
/// <code>
/// // appsettings.json: { "Teredo": { "Servers": [ "teredo.example.net" ], "RefreshInterval": "00:00:20", "StartWithHost": true } }
/// var builder = Host.CreateApplicationBuilder(args);
/// builder.Services.AddTeredo();
/// builder.Services.AddHealthChecks().AddTeredo();
/// builder.Services.AddHostedService&lt;Greeter&gt;();   // takes an ITeredoSocketFactory
/// builder.Build().Run();
/// </code>
/// </example>
public static class TeredoServiceCollectionExtensions
{
    /// <summary>The section of the application's configuration that is read by default.</summary>
    public const string DefaultSection = "Teredo";

    /// <summary>
    /// Adds Teredo with the section <see cref="DefaultSection"/> of the application's configuration. Without that section the defaults apply.
    /// </summary>
    /// <returns><paramref name="services"/>.</returns>
    public static IServiceCollection AddTeredo(this IServiceCollection services)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.TryAddSingleton(provider => new TeredoSection(provider.GetService<IConfiguration>()?.GetSection(DefaultSection)));
        return services.AddParts();
    }

    /// <summary>Adds Teredo as <see cref="AddTeredo(IServiceCollection)"/> does, and lets code change the options that were read.</summary>
    /// <param name="services">The services of the application.</param>
    /// <param name="configure">Changes the options. It is called once, when the options are needed for the first time.</param>
    /// <returns><paramref name="services"/>.</returns>
    public static IServiceCollection AddTeredo(this IServiceCollection services, Action<TeredoOptions> configure) =>
        services.AddTeredo().Configure(configure);

    /// <summary>Adds Teredo with another section of the configuration.</summary>
    /// <param name="services">The services of the application.</param>
    /// <param name="section">The section with the options.</param>
    /// <returns><paramref name="services"/>.</returns>
    public static IServiceCollection AddTeredo(this IServiceCollection services, IConfiguration section)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(section);
        services.Replace(ServiceDescriptor.Singleton(new TeredoSection(section)));
        return services.AddParts();
    }

    static IServiceCollection AddParts(this IServiceCollection services)
    {
        if (services.Any(service => service.ServiceType == typeof(TeredoSocketFactory)))
            return services;
        services.AddOptions<TeredoOptions>().ValidateOnStart();
        services.AddSingleton<IConfigureOptions<TeredoOptions>, TeredoOptionsSetup>();
        services.AddSingleton<IConfigureOptions<TeredoHostingOptions>, TeredoOptionsSetup>();
        services.AddSingleton<IPostConfigureOptions<TeredoOptions>, TeredoOptionsSetup>();
        services.AddSingleton<IValidateOptions<TeredoOptions>, TeredoOptionsSetup>();
        services.AddSingleton<TeredoSocketFactory>();
        services.AddSingleton<ITeredoSocketFactory>(provider => provider.GetRequiredService<TeredoSocketFactory>());
        services.AddSingleton<IHostedNode>(provider => provider.GetRequiredService<TeredoSocketFactory>());
        services.AddSingleton<IHostedService, TeredoHostedService>();
        return services;
    }
}
