namespace TeredoSdk.Setup.Linux;

/// <summary>
/// Makes <c>teredo server</c>, <c>teredo relay</c> or <c>teredo client</c> a service of a Linux machine with systemd: a hardened unit, and an exception of
/// firewalld, ufw or nftables for its port. It removes both again. First make a <see cref="ServicePlan"/>, which changes nothing, then call
/// <see cref="ServicePlan.ApplyAsync"/>. The command <c>teredo setup --service</c> does the same. Safe for any number of threads.
/// </summary>
public static class TeredoServiceSetup
{
    /// <summary>Plans the steps that make the command a service. What an earlier setup of the service made and is no longer wanted is taken back.</summary>
    /// <param name="options">The command and its needs.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="ArgumentException">An option is outside its range.</exception>
    /// <exception cref="PlatformNotSupportedException">This is no Linux.</exception>
    /// <exception cref="TeredoException">
    /// The program does not exist, runs other programs, or can be changed by others than root (<see cref="TeredoError.InvalidProgram"/>); the machine has
    /// no systemd, or another unit has the name (<see cref="TeredoError.SetupFailed"/>); the chosen firewall can't be read
    /// (<see cref="TeredoError.FirewallUnavailable"/>).
    /// </exception>
    public static Task<ServicePlan> PlanAsync(TeredoServiceOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        return PlanAsync(LinuxMachine.Current, options, cancellationToken);
    }

    /// <summary>
    /// Plans the steps that restore the state from before the service was set up. Without a record of the setup, what bears its mark is removed.
    /// </summary>
    /// <param name="service">The service.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="PlatformNotSupportedException">This is no Linux.</exception>
    /// <exception cref="TeredoException">A setting can't be read; the message says why.</exception>
    public static Task<ServicePlan> PlanRemovalAsync(TeredoService service, CancellationToken cancellationToken = default) =>
        PlanRemovalAsync(LinuxMachine.Current, service, cancellationToken);

    /// <summary>
    /// Finds how the executable of this process can be started a second time, as root: by sudo where there is a terminal, by pkexec on a desktop. Nothing is
    /// started.
    /// </summary>
    /// <param name="hasTerminal">Whether sudo can ask at a terminal.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The start of the command line, with full paths; the arguments follow.</returns>
    /// <exception cref="PlatformNotSupportedException">This is no Linux.</exception>
    /// <exception cref="TeredoException">
    /// Neither can ask (<see cref="TeredoError.AccessDenied"/>); or users can change the program, what it loads or a folder above
    /// (<see cref="TeredoError.InvalidProgram"/>), so that it would be they who become root.
    /// </exception>
    public static Task<IReadOnlyList<string>> FindRootCommandAsync(bool hasTerminal, CancellationToken cancellationToken = default)
    {
        RequireLinux();
        return RootCommand.FindAsync(LinuxMachine.Current, Environment.ProcessPath, hasTerminal, Environment.GetEnvironmentVariable, cancellationToken);
    }

    internal static async Task<ServicePlan> PlanAsync(LinuxMachine machine, TeredoServiceOptions options, CancellationToken cancellationToken)
    {
        RequireLinux();
        options = options.Snapshot();
        if (machine.Find("systemctl") is null)
            throw new TeredoException(TeredoError.SetupFailed, "This machine has no systemd, and a service is made for systemd only. Run teredo "
                + $"{new ServiceNames(options.Service).Command} by what starts programs here.");
        string? dotnetRoot = ServiceProgram.FindDotnetRoot(machine);
        options.ProgramPath = await ServiceProgram.CheckAsync(machine, options.ProgramPath, dotnetRoot, cancellationToken).ConfigureAwait(false);
        var planner = new ServicePlanner(machine, new(options.Service), cancellationToken);
        await planner.SetUpAsync(options, dotnetRoot).ConfigureAwait(false);
        return planner.ToPlan(CommandLine.Setup(options));
    }

    internal static async Task<ServicePlan> PlanRemovalAsync(LinuxMachine machine, TeredoService service, CancellationToken cancellationToken)
    {
        RequireLinux();
        var planner = new ServicePlanner(machine, new(service), cancellationToken);
        await planner.RemoveAsync().ConfigureAwait(false);
        return planner.ToPlan(CommandLine.Remove(service));
    }

    static void RequireLinux()
    {
        if (!OperatingSystem.IsLinux())
            throw new PlatformNotSupportedException("A service of systemd can be set up only on Linux.");
    }
}
