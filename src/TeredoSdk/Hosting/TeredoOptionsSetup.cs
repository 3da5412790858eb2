using System.Text;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using TeredoSdk.Protocol.Client;
using TeredoSdk.Protocol.Wire;

namespace TeredoSdk.Hosting;

/// <summary>The section that options are read from, or null when they come from code alone.</summary>
sealed record TeredoSection(IConfiguration? Configuration);

/// <summary>Reads the options from the configuration, takes the logger factory and the clock from the container, and validates the options.</summary>
sealed class TeredoOptionsSetup(TeredoSection section, IServiceProvider services)
    : IConfigureOptions<TeredoOptions>, IConfigureOptions<TeredoHostingOptions>, IPostConfigureOptions<TeredoOptions>, IValidateOptions<TeredoOptions>
{
    public void Configure(TeredoOptions options) => Read(options, new());

    public void Configure(TeredoHostingOptions options) => Read(new(), options);

    public void PostConfigure(string? name, TeredoOptions options)
    {
        if (options.LoggerFactory == NullLoggerFactory.Instance && services.GetService<ILoggerFactory>() is { } loggers)
            options.LoggerFactory = loggers;
        if (options.TimeProvider == TimeProvider.System && services.GetService<TimeProvider>() is { } time)
            options.TimeProvider = time;
    }

    public ValidateOptionsResult Validate(string? name, TeredoOptions options)
    {
        try
        {
            options.Validate();
            return ValidateOptionsResult.Success;
        }
        catch (ArgumentException e)
        {
            string sentence = e.Message.Replace($" (Parameter '{e.ParamName}')", "", StringComparison.Ordinal); // .NET appends this
            return ValidateOptionsResult.Fail(PathOf(e.ParamName) + sentence);
        }
    }

    // Returns where the value came from: the path in the configuration, or code.
    string PathOf(string? option)
    {
        var found = section.Configuration?.GetSection(option ?? "");
        return found is null || !found.Exists() ? $"{nameof(TeredoOptions)}." : found.Path[..^found.Key.Length];
    }

    void Read(TeredoOptions options, TeredoHostingOptions hosting)
    {
        options.WaitForNetwork = true; // a service is started at boot, often before the network is there
        if (section.Configuration is null)
            return;
        var reader = new OptionsReader(section.Configuration);
        options.Servers = reader.Read(nameof(options.Servers), options.Servers);
        options.Provider = reader.Read(nameof(options.Provider), options.Provider);
        options.Sockets = reader.Read(nameof(options.Sockets), options.Sockets);
        options.Secret = reader.ReadSection(nameof(options.Secret), ReadSecret, options.Secret);
        options.ClientPort = reader.Read(nameof(options.ClientPort), options.ClientPort);
        options.RefreshInterval = reader.Read(nameof(options.RefreshInterval), options.RefreshInterval);
        options.Extensions = reader.Read(nameof(options.Extensions), options.Extensions);
        options.AllowPrivateAddresses = reader.Read(nameof(options.AllowPrivateAddresses), options.AllowPrivateAddresses);
        options.RequireSecondary = reader.Read(nameof(options.RequireSecondary), options.RequireSecondary);
        options.QualificationTimeout = reader.Read(nameof(options.QualificationTimeout), options.QualificationTimeout);
        options.ConnectTimeout = reader.Read(nameof(options.ConnectTimeout), options.ConnectTimeout);
        options.DormancyTimeout = reader.Read(nameof(options.DormancyTimeout), options.DormancyTimeout);
        options.WaitForNetwork = reader.Read(nameof(options.WaitForNetwork), options.WaitForNetwork);
        options.PortMapping = reader.Read(nameof(options.PortMapping), options.PortMapping);
        options.PortMappingGateway = reader.Read(nameof(options.PortMappingGateway), options.PortMappingGateway);
        options.RegisterFirewallException = reader.Read(nameof(options.RegisterFirewallException), options.RegisterFirewallException);
        options.SetupCommand = reader.Read(nameof(options.SetupCommand), options.SetupCommand ?? "") is { Length: > 0 } command ? command : null;
        options.CaptureFile = reader.Read(nameof(options.CaptureFile), options.CaptureFile ?? "") is { Length: > 0 } file ? file : null;
        options.NativeIPv6 = reader.Read(nameof(options.NativeIPv6), options.NativeIPv6);
        options.Datapath = reader.Read(nameof(options.Datapath), options.Datapath);
        hosting.WaitForAddress = reader.Read(nameof(hosting.WaitForAddress), hosting.WaitForAddress);
        hosting.StartWithHost = reader.Read(nameof(hosting.StartWithHost), hosting.StartWithHost);
        if (reader.Finish() is { Count: > 0 } problems)
            throw new OptionsValidationException(Options.DefaultName, typeof(TeredoOptions), problems);
    }

    static TeredoSecret ReadSecret(OptionsReader reader) => new()
    {
        ClientIdentifier = Encoding.UTF8.GetBytes(reader.Read(nameof(TeredoSecret.ClientIdentifier), "")),
        Secret = Encoding.UTF8.GetBytes(reader.Read(nameof(TeredoSecret.Secret), "")),
        Algorithm = reader.Read(nameof(TeredoSecret.Algorithm), AuthenticationAlgorithm.HmacSha1),
    };
}
