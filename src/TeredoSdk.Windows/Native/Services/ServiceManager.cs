using System.ComponentModel;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using TeredoSdk.Windows.Native.Netsh;

namespace TeredoSdk.Windows.Native.Services;

/// <summary>Reads and starts services.</summary>
[SupportedOSPlatform("windows")]
static class ServiceManager
{
    const int MaxConfigurationSize = 8192; // documented for QueryServiceConfig
    static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(30); // the system itself gives a service this time
    static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(100);

    public static Reading<WindowsService> Read(string name)
    {
        try
        {
            using var service = Open(name, ServiceApi.SERVICE_QUERY_STATUS | ServiceApi.SERVICE_QUERY_CONFIG);
            return Reading.Of(new WindowsService
            {
                Exists = true,
                IsRunning = ReadStatus(service).CurrentState == ServiceApi.SERVICE_RUNNING,
                StartType = ReadStart(service),
            });
        }
        catch (Win32Exception e) when (e.NativeErrorCode == ServiceApi.ERROR_SERVICE_DOES_NOT_EXIST)
        {
            return Reading.Of(default(WindowsService));
        }
        catch (Win32Exception e)
        {
            return Reading.Unknown<WindowsService>(NativeCall.Failed(e.Message, e.NativeErrorCode, $"the state of the service {name} is not known"));
        }
    }

    /// <exception cref="TeredoException">Rights are missing, or the service does not start.</exception>
    public static async Task StartAsync(string name, CancellationToken cancellationToken)
    {
        try
        {
            using var service = Open(name, ServiceApi.SERVICE_QUERY_STATUS | ServiceApi.SERVICE_START);
            await StartAsync(service, name, cancellationToken).ConfigureAwait(false);
        }
        catch (Win32Exception e)
        {
            throw Explain("start", name, e);
        }
    }

    /// <exception cref="TeredoException">Rights are missing, or the service does not exist.</exception>
    public static void SetStart(string name, ServiceStartType start)
    {
        const uint Same = ServiceApi.SERVICE_NO_CHANGE;
        try
        {
            using var service = Open(name, ServiceApi.SERVICE_CHANGE_CONFIG);
            Check(ServiceApi.ChangeServiceConfigW(service, Same, (uint)start, Same, 0, 0, 0, 0, 0, 0, 0), "ChangeServiceConfig");
        }
        catch (Win32Exception e)
        {
            throw Explain("change", name, e);
        }
    }

    static async Task StartAsync(ServiceHandle service, string name, CancellationToken cancellationToken)
    {
        long start = TimeProvider.System.GetTimestamp();
        bool isAsked = false;
        while (true)
        {
            isAsked = isAsked || Ask(service);
            var status = ReadStatus(service);
            if (status.CurrentState == ServiceApi.SERVICE_RUNNING)
                return;
            if (isAsked && status.CurrentState == ServiceApi.SERVICE_STOPPED)
                throw new TeredoException(TeredoError.ServiceStopped,
                    $"The service {name} stopped while it started ({NativeCall.Describe((int)status.Win32ExitCode)}). "
                    + "Look for the cause in the system's event log.");
            if (TimeProvider.System.GetElapsedTime(start) > StartTimeout)
                throw new TeredoException(TeredoError.ServiceStopped,
                    $"The service {name} did not start within {StartTimeout.TotalSeconds:0} s. Look for the cause in the system's event log, and try again.");
            await Task.Delay(PollInterval, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <returns>False while the service control manager is busy, for example during the system's start.</returns>
    static bool Ask(ServiceHandle service)
    {
        if (ServiceApi.StartServiceW(service, 0, 0) != 0)
            return true;
        return Marshal.GetLastPInvokeError() switch
        {
            ServiceApi.ERROR_SERVICE_ALREADY_RUNNING => true,
            ServiceApi.ERROR_SERVICE_DATABASE_LOCKED => false,
            _ => throw Failure("StartService"),
        };
    }

    static ServiceHandle Open(string name, uint access)
    {
        using var manager = ServiceApi.OpenSCManagerW(null, null, ServiceApi.SC_MANAGER_CONNECT);
        if (manager.IsInvalid)
            throw Failure("OpenSCManager");
        var service = ServiceApi.OpenServiceW(manager, name, access);
        if (!service.IsInvalid)
            return service;
        var failure = Failure("OpenService");
        service.Dispose();
        throw failure;
    }

    static unsafe ServiceApi.Status ReadStatus(ServiceHandle service)
    {
        int size = sizeof(ServiceApi.Status);
        Check(ServiceApi.QueryServiceStatusEx(service, ServiceApi.SC_STATUS_PROCESS_INFO, out var status, size, out _), "QueryServiceStatusEx");
        return status;
    }

    static unsafe ServiceStartType? ReadStart(ServiceHandle service)
    {
        var buffer = stackalloc ulong[MaxConfigurationSize / sizeof(ulong)]; // aligned for the pointers in it
        var configuration = (ServiceApi.Configuration*)buffer;
        Check(ServiceApi.QueryServiceConfigW(service, configuration, MaxConfigurationSize, out _), "QueryServiceConfig");
        var start = (ServiceStartType)configuration->StartType;
        return Enum.IsDefined(start) ? start : null; // drivers have further types
    }

    static void Check(int isDone, string call)
    {
        if (isDone == 0)
            throw Failure(call);
    }

    // The message is the name of the call; the catching code makes a sentence of it.
    static Win32Exception Failure(string call) => new(Marshal.GetLastPInvokeError(), call);

    static TeredoException Explain(string what, string name, Win32Exception e) => e.NativeErrorCode switch
    {
        NativeCall.ERROR_ACCESS_DENIED => new(TeredoError.AccessDenied,
            $"An administrator must {what} the service {name} ({e.Message}). In an elevated prompt, run {TeredoCommands.Sc} config {name} start= auto, "
            + $"then net start {name}.", e),
        ServiceApi.ERROR_SERVICE_DOES_NOT_EXIST => new(TeredoError.ServiceStopped,
            $"The service {name} is not installed on this system. It is a part of Windows; check whether this edition has it.", e),
        _ => new(TeredoError.ServiceStopped,
            $"This process can't {what} the service {name}: {e.Message} failed ({NativeCall.Describe(e.NativeErrorCode)}). "
            + "Look for the cause in the system's event log.", e),
    };
}
