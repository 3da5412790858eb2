namespace TeredoSdk.Setup.Linux;

/// <summary>Compares what a service needs, or what its record says, with the machine, and collects the changes and findings.</summary>
sealed class ServicePlanner
{
    readonly LinuxMachine _machine;
    readonly ServiceNames _names;
    readonly CancellationToken _cancellationToken;
    readonly ServiceRecordFile _file;
    readonly string? _text;
    readonly Finding? _unusable;
    readonly ServiceRecord? _record;
    readonly List<SettingChange> _changes = [];
    readonly List<Finding> _findings = [];

    public ServicePlanner(LinuxMachine machine, ServiceNames names, CancellationToken cancellationToken)
    {
        (_machine, _names, _cancellationToken) = (machine, names, cancellationToken);
        _file = new(machine, names);
        _text = _file.ReadText();
        _record = _file.Parse(_text, out _unusable);
        if (_unusable is not null)
            _findings.Add(_unusable);
    }

    public ServicePlan ToPlan(string command) => new(_machine, _file, _text, _record, _changes)
    {
        Findings = [.. _findings],
        ElevatedCommand = command,
        HasUnusableRecord = _unusable is not null,
    };

    /// <exception cref="TeredoException">Another unit has the name, or the chosen firewall can't be read.</exception>
    public async Task SetUpAsync(TeredoServiceOptions options, string? dotnetRoot)
    {
        List<(Setting Setting, string Value)> units = [], exceptions = [], states = [];
        await AddExceptionAsync(options, units, exceptions).ConfigureAwait(false);
        units.Add((new UnitSetting(_machine, _names.Unit), UnitText.Of(_names, options, dotnetRoot)));
        states.AddRange(units.Select(unit => ((Setting)new EnabledSetting(_machine, unit.Setting.Subject), EnabledSetting.Enabled)));
        if (_machine.IsBooted)
            states.Add((new RunningSetting(_machine, _names.Unit), RunningSetting.Active));
        else
            _findings.Add(ServiceFindings.NotBooted(_names));

        (Setting Setting, string Value)[] wanted = [.. units, .. exceptions, .. states];
        foreach (var stale in _record?.Settings.Reverse().Where(old => !wanted.Any(one => one.Setting.IsFor(old))) ?? [])
            await RestoreAsync(stale).ConfigureAwait(false);
        foreach (var (setting, value) in wanted)
            await WantAsync(setting, value).ConfigureAwait(false);
    }

    public async Task RemoveAsync()
    {
        if (_record is null)
            await RemoveMarkedAsync().ConfigureAwait(false);
        foreach (var setting in _record?.Settings.Reverse() ?? [])
            await RestoreAsync(setting).ConfigureAwait(false);
    }

    async Task AddExceptionAsync(TeredoServiceOptions options, List<(Setting, string)> units, List<(Setting, string)> exceptions)
    {
        if (options.UdpPort is not { } port)
        {
            _findings.AddRange(options.Firewall == LinuxFirewall.None ? [] : [ServiceFindings.NoPort(_names)]);
            return;
        }
        try
        {
            switch (await Firewalls.ChooseAsync(_machine, options.Firewall, _cancellationToken).ConfigureAwait(false))
            {
                case LinuxFirewall.Firewalld:
                    exceptions.Add((new FirewalldPolicySetting(_machine, _names.Base), FirewalldPolicySetting.ContentFor(port)));
                    foreach (string zone in await Firewalls.ReadZonesAsync(_machine, _cancellationToken).ConfigureAwait(false))
                        exceptions.Add((new FirewalldPortSetting(_machine, zone, port), FirewalldPortSetting.Open));
                    break;
                case LinuxFirewall.Ufw:
                    exceptions.Add((new UfwSetting(_machine, port, _names.Comment), _names.Comment));
                    break;
                case LinuxFirewall.Nftables:
                    var rules = await Firewalls.ReadNftAsync(_machine, _cancellationToken).ConfigureAwait(false);
                    NftChain[] chains = [.. rules.Without(_names.Comment).Blocking("input", new(port, "new"), certainly: false)];
                    if (chains.Length > 0)
                        units.Add((new UnitSetting(_machine, _names.FirewallUnit),
                            UnitText.OfNft(_names, _machine.Find("nft")!, _machine.Find("sh")!, chains, port)));
                    exceptions.AddRange(chains.Select(chain => ((Setting)new NftRuleSetting(_machine, chain, port, _names.Comment), NftRuleSetting.Present)));
                    break;
            }
            if (_machine.ReadFile("/proc/net/ip_tables_names")?.Contains("filter", StringComparison.Ordinal) == true)
                _findings.Add(ServiceFindings.LegacyTables(port));
        }
        catch (Exception e) when (IsForRoot(e))
        {
            _findings.Add(ServiceFindings.FirewallUnread(_names, e.Message));
        }
    }

    async Task WantAsync(Setting setting, string value)
    {
        string? present = await ReadAsync(setting).ConfigureAwait(false);
        var known = _record?.Find(setting);
        bool isOurs = known?.Made.Contains(present!) == true || setting.IsMarked(present);
        if (setting is UnitSetting && present is not null && !isOurs)
            throw new TeredoException(TeredoError.SetupFailed, $"There is a unit {setting.Subject} that no setup made. Move it away, or keep it and set up "
                + "nothing.");
        if (setting is UfwSetting && present is not null && !isOurs)
            value = present; // the administrator lets the port in
        bool isChanged = setting is UnitSetting && present is not null && known is not null && !known.Made.Contains(present);
        if (isChanged)
            _findings.Add(ServiceFindings.ChangedUnit(setting.Subject));
        bool restarts = setting.FollowsOthers && _changes.Any(change => change.Setting is UnitSetting && !change.IsSatisfied);
        _changes.Add(new(setting, present, value, present == value && !restarts, IsRestoration: false));
    }

    async Task RestoreAsync(SettingRecord record)
    {
        var setting = _names.ToSetting(_machine, record.Kind, record.Subject);
        string? present = await ReadAsync(setting).ConfigureAwait(false);
        bool isOurs = present is null || present == record.Before || record.Made.Contains(present) || setting.IsMarked(present);
        if (!isOurs)
            _findings.Add(ServiceFindings.LeftAlone(setting));
        else // what somebody removed meanwhile stays removed
            _changes.Add(new(setting, present, present is null ? null : record.Before, present is null || present == record.Before, IsRestoration: true));
    }

    async Task RemoveMarkedAsync()
    {
        UnitSetting[] units = [new(_machine, _names.Unit), new(_machine, _names.FirewallUnit)];
        List<Setting> marked = [];
        foreach (var unit in units)
        {
            if (!unit.IsMarked(await ReadAsync(unit).ConfigureAwait(false)))
                continue;
            if (_machine.IsBooted)
                marked.Add(new RunningSetting(_machine, unit.Subject));
            marked.AddRange([new EnabledSetting(_machine, unit.Subject), unit]);
        }
        marked.Add(new FirewalldPolicySetting(_machine, _names.Base));
        if (_machine.IsElevated && _machine.Find("ufw") is not null)
            marked.AddRange(await UfwSetting.FindAsync(_machine, _names.Comment, _cancellationToken).ConfigureAwait(false));
        if (_machine.IsElevated && _machine.Find("nft") is not null)
            marked.AddRange((await Firewalls.ReadNftAsync(_machine, _cancellationToken).ConfigureAwait(false)).ChainsWith(_names.Comment)
                .Select(chain => new NftRuleSetting(_machine, chain, 0, _names.Comment)));
        foreach (var setting in marked)
        {
            string? present = await ReadAsync(setting).ConfigureAwait(false);
            if (present is not null && (setting is EnabledSetting or RunningSetting || setting.IsMarked(present)))
                _changes.Add(new(setting, present, null, IsSatisfied: false, IsRestoration: true));
        }
        if (_changes.Count > 0 || _unusable is not null)
            _findings.Add(ServiceFindings.NoRecord(_names));
    }

    // Without rights some can't be read. The plan is then made anew with rights before anything is changed.
    async Task<string?> ReadAsync(Setting setting)
    {
        try
        {
            return await setting.ReadAsync(_cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (IsForRoot(e))
        {
            return null;
        }
    }

    // A program says that it may not, or a file is only root's to read.
    bool IsForRoot(Exception e) => !_machine.IsElevated && e is (TeredoException or UnauthorizedAccessException);
}
