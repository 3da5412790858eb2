using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using TeredoSdk;
using TeredoSdk.Hosting;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds Teredo to an application that injects its services.</summary>
/// <remarks>
/// <para>
/// What is added: <see cref="ITeredoSocketFactory"/> as a singleton, and a hosted service that stops its node when the host has stopped. Logs
/// go to the container's logger factory and time comes from its <see cref="TimeProvider"/>, unless the options name others. Adding twice
/// changes nothing but the options.
/// </para>
/// <para>
/// The configuration has the names of <see cref="TeredoOptions"/> and <see cref="TeredoHostingOptions"/>. Times are written as hours, minutes and
/// seconds, enumerations by name, the servers as a list or as one text with semicolons, and the two parts of a secret as text, taken as UTF-8. A host
/// does not start with a value that can't be read or is outside its range, nor with a name that is no option: the
/// <see cref="OptionsValidationException"/> names its path and what is expected.
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
    /// <summary>The section of the application's configuration that is read when no other is given.</summary>
    public const string DefaultSection = "Teredo";

    /// <summary>Adds Teredo with the section <see cref="DefaultSection"/> of the application's configuration, or without one the defaults.</summary>
    /// <returns><paramref name="services"/>.</returns>
    public static IServiceCollection AddTeredo(this IServiceCollection services)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.TryAddSingleton(provider => new TeredoSection(provider.GetService<IConfiguration>()?.GetSection(DefaultSection)));
        return services.AddParts();
    }

    /// <summary>Adds Teredo as <see cref="AddTeredo(IServiceCollection)"/> does, and has code change the options that were read.</summary>
    /// <param name="services">The services of the application.</param>
    /// <param name="configure">Changes the options. Called once, when they are needed for the first time.</param>
    /// <returns><paramref name="services"/>.</returns>
    public static IServiceCollection AddTeredo(this IServiceCollection services, Action<TeredoOptions> configure) =>
        services.AddTeredo().Configure(configure);

    /// <summary>Adds Teredo with another section of the configuration.</summary>
    /// <param name="services">The services of the application.</param>
    /// <param name="section">Where the options stand.</param>
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
