using System.CommandLine;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using TeredoSdk.Windows;
using TeredoSdk.Windows.Setup;

namespace TeredoSdk.Cli;

/// <summary>The options of <c>teredo setup</c> and <c>teredo remove</c>.</summary>
sealed class SetupOptions
{
    readonly Option<string?> _app = new("--app")
    {
        Description = "The program that strangers should reach. With --service: the program teredo, by default this one.",
        HelpName = "PATH",
    };

    readonly Option<string?> _name = new("--name")
    {
        Description = "The application's name, as the firewall's settings show it. A second setup of the same program and name changes the first.",
        HelpName = "NAME",
    };

    readonly Option<int?> _tcp = Port("--tcp", "TCP");
    readonly Option<int?> _udp = Port("--udp", "UDP");

    readonly Option<EdgeTraversal?> _edge = new("--edge")
    {
        Description = "Whether Teredo's traffic gets in: when the program's socket allows it (the default), always, or never.",
        HelpName = "defer-to-app|allow|none",
        CustomParser = Values.Choice<EdgeTraversal?>(("defer-to-app", EdgeTraversal.DeferToApp), ("allow", EdgeTraversal.Allow), ("none", EdgeTraversal.Deny)),
    };

    readonly Option<bool> _enableTeredo = new("--enable-teredo") { Description = "Switch Windows' Teredo on." };
    readonly Option<string?> _server = new("--server", "-s") { Description = "The server that Windows' Teredo uses.", HelpName = "HOST" };

    readonly Option<bool> _escaped = new("--escaped")
    {
        Description = "In --app and --name, = and four hexadecimal digits stand for a character. Printed commands use it for what a shell would change.",
    };

    readonly Option<bool> _dryRun = new("--dry-run") { Description = "Show the plan and change nothing, even with --yes." };
    readonly Option<bool> _yes = new("--yes", "-y") { Description = "Apply the plan without asking." };

    readonly Option<bool> _noElevate = new("--no-elevate") { Description = "Without the rights that it needs, do not ask for them: print the command that does." };
    readonly Option<string?> _confirmed = new("--confirmed") { Hidden = true }; // how the command starts itself as root (PlanElevation)

    readonly Option<bool> _installer = new("--installer")
    {
        Description = "Exit with 0, not 3, when all is applied and something is left to do: installers take every other code for a failure.",
    };

    /// <summary>
    /// Adds the options. A removal also accepts those of a setup, so that an installer can use one list; it reads the setup from the record.
    /// </summary>
    public void AddTo(Command command, bool isRemoval)
    {
        foreach (Option option in new Option[] { _tcp, _udp, _edge, _enableTeredo, _server })
            option.Hidden = isRemoval;
        foreach (Option option in new Option[] { _app, _name, _tcp, _udp, _edge, _enableTeredo, _server, _escaped, _dryRun, _yes, _installer, _noElevate, _confirmed })
            command.Options.Add(option);
    }

    public bool IsDryRun(ParseResult arguments) => arguments.GetValue(_dryRun);

    public bool IsAgreed(ParseResult arguments) => arguments.GetValue(_yes);

    // An installer has its own prompt, or wants none. A process that was started for the rights, and lacks them, asks for none again.
    public bool MayElevate(ParseResult arguments) => !arguments.GetValue(_noElevate) && !IsOfInstaller(arguments) && Confirmed(arguments) is null;

    /// <summary>The digest of the plan that was confirmed in the process that started this one as root; null in every other process.</summary>
    public string? Confirmed(ParseResult arguments) => arguments.GetValue(_confirmed);

    /// <summary>The arguments by which the command makes and applies the same plan as root.</summary>
    /// <param name="arguments">The arguments of this process.</param>
    /// <param name="command">The command and the options that say which plan it is.</param>
    /// <param name="confirmed">The digest that was confirmed.</param>
    public string[] ForRoot(ParseResult arguments, IEnumerable<string> command, string confirmed)
    {
        Option<bool>[] kept = [_yes, _installer, CommonOptions.Json, CommonOptions.Verbose];
        return [.. command, _confirmed.Name, confirmed, .. kept.Where(arguments.GetValue).Select(option => option.Name)];
    }

    public bool IsOfInstaller(ParseResult arguments) => arguments.GetValue(_installer);

    /// <exception cref="BadArgumentsException">An option is outside its range.</exception>
    public TeredoSetupOptions Read(ParseResult arguments)
    {
        string app = TextOf(arguments, _app);
        var options = new TeredoSetupOptions
        {
            Name = TextOf(arguments, _name),
            ProgramPath = !string.IsNullOrWhiteSpace(app) && !app.Contains('\0') ? Path.GetFullPath(app) : app,
            TcpPort = arguments.GetValue(_tcp),
            UdpPort = arguments.GetValue(_udp),
            EdgeTraversal = arguments.GetValue(_edge) ?? EdgeTraversal.DeferToApp,
            EnableTeredo = arguments.GetValue(_enableTeredo),
            Server = arguments.GetValue(_server),
        };
        try
        {
            options.Validate();
            return options;
        }
        catch (ArgumentException e)
        {
            string sentence = Wording.Of(e), option = OptionOf(e.ParamName);
            throw new BadArgumentsException(sentence.Replace($"{e.ParamName} is '", $"{option} is '", StringComparison.Ordinal));
        }
    }

    /// <summary>Where the program is that a service shall run; null for this one.</summary>
    public string? ReadProgram(ParseResult arguments) => arguments.GetValue(_app);

    string TextOf(ParseResult arguments, Option<string?> option)
    {
        string text = arguments.GetValue(option) ?? throw new BadArgumentsException($"Option '{option.Name}' is required.");
        if (!arguments.GetValue(_escaped))
            return text;
        return TryUnescape(text, out string? plain) ? plain
            : throw new BadArgumentsException($"{option.Name} is '{text}'; with --escaped, expected four hexadecimal digits after each '='.");
    }

    static bool TryUnescape(string text, [NotNullWhen(true)] out string? plain)
    {
        plain = null;
        string[] parts = text.Split('=');
        var read = new StringBuilder(parts[0]);
        foreach (string part in parts.Skip(1))
        {
            if (part.Length < 4 || !ushort.TryParse(part.AsSpan(0, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ushort unit))
                return false;
            read.Append((char)unit).Append(part, 4, part.Length - 4);
        }
        plain = read.ToString();
        return true;
    }

    static string OptionOf(string? property) => property switch
    {
        nameof(TeredoSetupOptions.Name) => "--name",
        nameof(TeredoSetupOptions.ProgramPath) => "--app",
        nameof(TeredoSetupOptions.Server) => "--server",
        _ => property ?? "",
    };

    static Option<int?> Port(string name, string protocol)
    {
        var parse = Values.Number(1, ushort.MaxValue);
        return new(name)
        {
            Description = $"The {protocol} port to open. Without --tcp and --udp, all ports of the program are opened.",
            HelpName = "PORT",
            CustomParser = result => parse(result),
        };
    }
}
