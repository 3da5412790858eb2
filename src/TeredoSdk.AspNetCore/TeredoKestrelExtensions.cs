using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using TeredoSdk;
using TeredoSdk.AspNetCore;

namespace Microsoft.AspNetCore.Hosting;

/// <summary>Has Kestrel listen at the Teredo address of the application.</summary>
/// <remarks>
/// <para>
/// Needs TCP, so kernel sockets: where the node has none, the application does not start, and fails with a <see cref="TeredoException"/> of
/// <see cref="TeredoError.NotSupported"/>; without an address or with a port that is taken it fails as <see cref="ITeredoSocketFactory"/> does. Strangers
/// get in: that is what listening is for. So think of authentication and of HTTPS (<see cref="ListenOptions"/> takes it as ever).
/// </para>
/// <para>
/// The application starts when there is an address. When it changes, the connections of the old one end, and Kestrel goes on listening at the new
/// one, which <see cref="ITeredoSocketFactory.Report"/> tells. As ever with endpoints in code, those of <c>urls</c> are not used beside them.
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
    /// Adds Teredo with the section <c>Teredo</c> of the configuration, unless it was added before, and listens at a port of its address.
    /// </summary>
    /// <param name="builder">The web host.</param>
    /// <param name="port">The TCP port, 1 to 65535, or 0 for any free one.</param>
    /// <param name="configure">What else the endpoint has, for example HTTPS; null for plain HTTP.</param>
    /// <returns><paramref name="builder"/>.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The port is outside its range.</exception>
    public static IWebHostBuilder UseTeredo(this IWebHostBuilder builder, int port, Action<ListenOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var endPoint = new TeredoEndPoint(port);
        return builder.ConfigureServices(services => services.AddTeredoKestrel()
            .Configure<KestrelServerOptions>(kestrel => kestrel.Listen(endPoint, configure ?? (_ => { }))));
    }

    /// <summary>Listens at a port of the Teredo address, beside other endpoints. Needs <see cref="AddTeredoKestrel"/>.</summary>
    /// <param name="options">The options of Kestrel.</param>
    /// <param name="port">The TCP port, 1 to 65535, or 0 for any free one.</param>
    /// <param name="configure">What else the endpoint has, for example HTTPS; null for plain HTTP.</param>
    /// <exception cref="ArgumentOutOfRangeException">The port is outside its range.</exception>
    public static void ListenTeredo(this KestrelServerOptions options, int port, Action<ListenOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Listen(new TeredoEndPoint(port), configure ?? (_ => { }));
    }

    /// <summary>
    /// Adds Teredo with the section <c>Teredo</c> of the configuration, unless it was added before, and teaches Kestrel to listen at
    /// <see cref="TeredoEndPoint"/>s. Other endpoints stay as they are.
    /// </summary>
    /// <returns><paramref name="services"/>.</returns>
    public static IServiceCollection AddTeredoKestrel(this IServiceCollection services)
    {
        services.AddTeredo();
        services.TryAddSingleton<IConnectionListenerFactory, SocketTransportFactory>(); // Kestrel adds its own only where there is none yet
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IConnectionListenerFactory, TeredoTransport>());
        return services;
    }
}
