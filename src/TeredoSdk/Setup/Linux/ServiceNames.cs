namespace TeredoSdk.Setup.Linux;

/// <summary>The names that belong to a service. Nothing else on the machine is touched.</summary>
/// <param name="service">The service.</param>
sealed class ServiceNames(TeredoService service)
{
    /// <summary>The command's name, for example server.</summary>
    public string Command { get; } = service.ToString().ToLowerInvariant();

    /// <summary>For example teredo-server; also the name of firewalld's policy.</summary>
    public string Base => $"teredo-{Command}";

    public string Unit => $"{Base}.service";

    /// <summary>The unit that adds the rule of nftables again after a restart.</summary>
    public string FirewallUnit => $"{Base}-firewall.service";

    /// <summary>The comment of rules.</summary>
    public string Comment => $"teredosdk {Base}";

    /// <summary>The setting of a record.</summary>
    /// <exception cref="FormatException">It is none of this service.</exception>
    public Setting ToSetting(LinuxMachine machine, string kind, string subject)
    {
        Setting setting = kind switch
        {
            UnitSetting.KindName => new UnitSetting(machine, subject),
            EnabledSetting.KindName => new EnabledSetting(machine, subject),
            RunningSetting.KindName => new RunningSetting(machine, subject),
            FirewalldPolicySetting.KindName => new FirewalldPolicySetting(machine, subject),
            FirewalldPortSetting.KindName => FirewalldPortSetting.Parse(machine, subject),
            UfwSetting.KindName => UfwSetting.Parse(machine, subject),
            NftRuleSetting.KindName => NftRuleSetting.Parse(machine, subject),
            _ => throw new FormatException(kind),
        };
        bool isOurs = setting switch
        {
            UnitSetting or EnabledSetting or RunningSetting => subject == Unit || subject == FirewallUnit,
            FirewalldPolicySetting => subject == Base,
            UfwSetting or NftRuleSetting => subject.EndsWith(' ' + Comment, StringComparison.Ordinal),
            _ => !subject.StartsWith('-'),
        };
        return isOurs ? setting : throw new FormatException($"{kind} {subject}");
    }
}
