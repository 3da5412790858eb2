using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using TeredoSdk;
using TeredoSdk.AspNetCore;

namespace Microsoft.AspNetCore.Hosting;

/// <summary>Makes Kestrel listen at the application's Teredo address.</summary>
/// <remarks>
/// <para>
/// While no server gives an address, the application starts all the same: Kestrel listens as soon as there is one, and until then tells
/// <c>http://teredo:8080</c> as its address; the log and the health check say why. With <see cref="TeredoHostingOptions.WaitForAddress"/> false, or
/// <see cref="TeredoHostingOptions.StartWithHost"/>, or a port that is taken, it does not start: it fails as <see cref="ITeredoSocketFactory"/> does. The
/// listener accepts connections from strangers, so think of authentication and of HTTPS, which <see cref="ListenOptions"/> configures as usual.
/// </para>
/// <para>
/// When the address changes, the connections to the old address end, and Kestrel listens at the new
/// one; <see cref="ITeredoSocketFactory.Report"/> tells it. As with all endpoints in code, Kestrel then ignores the endpoints of <c>urls</c>.
/// </para>
/// </remarks>
/// <example>
/// <code>
/// var builder = WebApplication.CreateBuilder(args);   // appsettings.json: { "Teredo": { "Servers": [ "teredo.example.net" ] } }
/// builder.WebHost.UseTeredo(8080);
/// var app = builder.Build();
/// app.MapGet("/", (ITeredoSocketFactory teredo) => $"hello from {teredo.Report.Address}");
/// app.Run();                                          // Now listening on: http://[2001:0:...]:8080
/// </code>
/// </example>
public static class TeredoKestrelExtensions
{
    /// <summary>
    /// Adds Teredo with the configuration section <c>Teredo</c>, unless it was added before, and listens at a port of the Teredo address.
    /// </summary>
    /// <param name="builder">The web host.</param>
    /// <param name="port">The TCP port, 1 to 65535, or 0 for any free port.</param>
    /// <param name="configure">Configures the endpoint further, for example with HTTPS; null for plain HTTP.</param>
    /// <returns><paramref name="builder"/>.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The port is outside its range.</exception>
    public static IWebHostBuilder UseTeredo(this IWebHostBuilder builder, int port, Action<ListenOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var endPoint = new TeredoEndPoint(port);
        return builder.ConfigureServices(services => services.AddTeredoKestrel()
            .Configure<KestrelServerOptions>(kestrel => kestrel.Listen(endPoint, configure ?? (_ => { }))));
    }

    /// <summary>Listens at a port of the Teredo address, besides other endpoints. Needs <see cref="AddTeredoKestrel"/>.</summary>
    /// <param name="options">Kestrel's options.</param>
    /// <param name="port">The TCP port, 1 to 65535, or 0 for any free port.</param>
    /// <param name="configure">Configures the endpoint further, for example with HTTPS; null for plain HTTP.</param>
    /// <exception cref="ArgumentOutOfRangeException">The port is outside its range.</exception>
    public static void ListenTeredo(this KestrelServerOptions options, int port, Action<ListenOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Listen(new TeredoEndPoint(port), configure ?? (_ => { }));
    }

    /// <summary>
    /// Adds Teredo with the configuration section <c>Teredo</c>, unless it was added before, and makes Kestrel able to listen at
    /// <see cref="TeredoEndPoint"/>s, also those of its configuration: <c>"Kestrel": { "Endpoints": { "Peers": { "Url": "http://teredo:8080" } } }</c>.
    /// Other endpoints do not change.
    /// </summary>
    /// <returns><paramref name="services"/>.</returns>
    public static IServiceCollection AddTeredoKestrel(this IServiceCollection services)
    {
        services.AddTeredo();
        services.TryAddSingleton<IConnectionListenerFactory, SocketTransportFactory>(); // Kestrel adds its own transport only when there is none yet
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IConnectionListenerFactory, TeredoTransport>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IConfigureOptions<KestrelServerOptions>, TeredoUrls>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IPostConfigureOptions<KestrelServerOptions>, TeredoUrls>());
        return services;
    }
}
