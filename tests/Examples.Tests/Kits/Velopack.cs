namespace Velopack;

/// <summary>As much of Velopack's class as examples/Installer/Velopack uses, with the names of its documentation. Run runs a hook.</summary>
public sealed class VelopackApp
{
    VelopackHook? _firstRun, _beforeUninstall;

    public delegate void VelopackHook(string version);

    public static VelopackApp Build() => new();

    public VelopackApp OnFirstRun(VelopackHook hook)
    {
        _firstRun = hook;
        return this;
    }

    public VelopackApp OnBeforeUninstallFastCallback(VelopackHook hook)
    {
        _beforeUninstall = hook;
        return this;
    }

    public void Run(bool isUninstallation) => (isUninstallation ? _beforeUninstall : _firstRun)!("1.0.0");
}
