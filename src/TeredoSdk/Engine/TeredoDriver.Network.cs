using TeredoSdk.Telemetry;

namespace TeredoSdk.Engine;

/// <remarks>What the driver tells the core about the machine's network.</remarks>
sealed partial class TeredoDriver
{
    // A missed answer may come from a route that nobody told us about: a VPN's rule, for example.
    protected override void PrepareTimeout()
    {
        bool isMissing;
        lock (Gate)
            isMissing = !IsStopped && _core.IsAnswerOverdue(Clock.Now);
        if (isMissing)
            HandleNetworkChanged();
    }

    bool IsGatewayUnknown
    {
        get
        {
            lock (Gate)
                return _state.Gateway is null;
        }
    }

    void HandleNetworkChanged()
    {
        try
        {
            var state = _network.Describe(Read(core => core.Server.Primary));
            bool isOther;
            lock (Gate)
            {
                if (IsStopped)
                    return;
                isOther = state != _state;
                _state = state;
                _core.HandleNetworkChanged(Tick(), state);
            }
            if (isOther)
                Log.NetworkChanged(Logger, state.LocalAddress, state.HasIPv4);
            CarryOut();
        }
        catch (Exception e) // runs on a thread of the runtime: no other code would see the exception
        {
            Log.EngineFault(Logger, e);
        }
    }
}
